"""A made-up brokerage: customers and thieves as events with labels, to try settings without real data.

Needs numpy (extra ``simulate``). Knows nothing of AuthShield, and nothing that scores or decides may know of it:
what is tuned on its numbers must not be able to look them up.
"""
