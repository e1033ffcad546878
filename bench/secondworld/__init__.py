"""A second, made-up brokerage: labelled events in the interchange format, version 1, for checking the models.

Where its facts come from: published accounts of the hijackings of 2025 (the FSA's monthly tables, the arrests of
November 2025, brokers' notices) as the project's notes on the threat and on scoring sum them up, and the format.
It was written apart from the models, their rules and the shipped simulator, without sight of any of them: where
figures on its files and on the simulator's differ, something has been fitted to one of the two. Keep it apart:
it must import nothing of AuthShield's, and nobody may tune it to make a model look better (or worse).

How it works: everybody is an agent, a generator that yields the time at which it wants to go on. They meet in a
market with prices and volumes of each day, and at one broker whose accounts (cash, positions, open orders, fills)
always add up, whoever trades in them. Distributions are gamma, Weibull, beta and Zipf. Addresses are from the
reserved blocks 3fff::/20, 10/8 and 100.64/10, AS numbers are private ones.

    python -m bench.secondworld SCENARIO OUT.jsonl[.gz] --accounts N --days D --seed S --hijacked SHARE

The first third of a file is free of attacks (a warm-up of 10 days fits into 30), but for the quiet beginnings of
the patient. The same arguments give the same file, byte for byte; ``--no-labels`` leaves out labels and campaigns.
"""
