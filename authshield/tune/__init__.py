"""Tuning: what the desk drafts, publishes, rolls back and switches off. The published rules are read from here."""
