"""Ports' defaults, and the one place that maps users to accounts."""
