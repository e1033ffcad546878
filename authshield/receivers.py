"""Receivers of Django's own sign-in signals."""
