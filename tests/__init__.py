"""The tests mirror authshield/; what they need in common is in conftest.py. Must not be imported by the project."""
