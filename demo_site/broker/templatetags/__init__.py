"""Filters and tags of the broker's pages."""
