"""System checks: unsafe settings, each with an id and a hint to paste."""
