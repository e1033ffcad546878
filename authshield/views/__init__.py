"""AuthShield's own pages and JSON doors for customers. Thin: they read, ask a room below, and answer."""
