"""The tests mirror authshield/; what they share is in conftest.py. Must not be imported by the project."""
