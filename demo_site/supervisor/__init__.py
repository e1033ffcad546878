"""One command that runs the whole demo: Valkey, worker with beat, site; and ends all of them with itself.

Read run.py first. Must not import Django: it has to start quickly and say clearly what is missing.
"""
