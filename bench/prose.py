"""What docs/benchmarks.md says around its figures. Must not hold a figure that was measured."""

INTRODUCTION = """\
# Benchmarks

What AuthShield adds to a request, beside what others add, on one small Django site. Written by `make bench`;
nothing in here was typed in by hand, and nothing was tuned for it.

```
make bench
```

It takes some minutes (how long this run took is below), and starts its own Valkey, PostgreSQL and web processes on
sockets of this machine. `bench.json` has every figure. Run it on hardware of your own, with nothing beside it, before
you believe any of the times; trips, commands, queries, guesses and statuses are the same everywhere.
"""

METHOD = """\
## Method

Each variant is a process of its own that calls its whole WSGI application in-process, from the first middleware to
the last byte of the answer. All share one Valkey (a unix socket, a database each). Sites are pinned to one core,
servers to the other; the garbage collector leaves alone what was there before. Each of the {rounds} rounds gives each
variant a turn of each kind that it looks at, another one first each time: {warm} calls to warm the caches that the
one before has emptied, then {calls} that are timed; a round's figure is their median. *Added* is the difference to
the bare site **of the same round**; given are the median over the rounds and the quartiles. *× PING* divides it by
what one redis-py PING adds in the same place, the floor of one round trip; `?` where the first quartile of that is
not above nothing. *Added CPU* is the mean over all timed calls of the site's own process, without servers, so it
includes what happens rarely, such as AuthShield's look for new rules every half second. *p99* is of whole requests.

*Trips* are packets that arrive at Redis, *commands* what it ran for them, those inside scripts too, *SQL* statements
besides BEGIN and COMMIT: medians of 5 calls. They do not depend on the machine.

Passwords are hashed with MD5, else the hash (some 200 ms) would drown everything; a failed sign-in in production is
therefore dominated by its hash under every guard that lets it be checked. Limits are so high (AuthShield keeps its
shipped ones: requests are spread over many people) that none is met: what is compared is the cost of letting
through. Every answer's status is checked. But for the chapter on outages AuthShield waits up to 2 s for Redis, not
0.1 s, so that a busy moment of the machine is no outage.
"""

AIMS = """\
## Where AuthShield misses its aims

Aims: one trip to Redis for a page and a failed sign-in, two for a sign-in and an order; a failed sign-in at most 2.0
times what a PING costs, a page 1.4 times, an order 2.5 times besides the INSERT of its ledger row; no peer quicker;
the instructions above. By the figures above:
"""

LIMITS = """\
## Limits of this study

- Not equal work. AuthShield also judges rules, reads and teaches profiles, writes an order's ledger line and hands
  each event to its workers; ratelimit and limits count, and axes and defender count failed sign-ins alone. A figure
  says what a request costs more, not which is written better.
- Redis is a unix socket away. Over a network every trip costs a network's round trip more, which favours few trips;
  so do TLS and a busy server. A PING here is quick because it is local.
- One client at a time, but where it says otherwise. One run on one machine; differences under some 30 µs are noise,
  more on a machine that does other things (see the load average above).
- No worker runs beside the web processes; on two cores it would take time from them. The stream that it would read
  is written. For the outage a worker has done its work before.
- Thresholds that nobody reaches: what a refusal costs was not measured, but for the hundred guesses.
- Django-redis is the cache of axes, ratelimit, allauth and REST framework, since it is quicker than Django's own: the
  two lines of django-ratelimit ×10 say by how much. defender and limits bring their own client. hiredis is installed
  for all.
- REST framework's and allauth's limits keep every time of the window in one list, so they get dearer with the limit;
  here the lists are short.
- Names, addresses and devices are made up and few; the files of the databases are small.
"""

INSTRUCTIONS = """\
## Instructions

Thousand instructions that the site's process takes more than the bare one, by callgrind, on SQLite: medians of single
requests. The kernel's and the servers' are not in them, nor is what is done now and then. They differ by less than
1 % from run to run on any machine with the same versions, so `tests/house/test_instructions.py` holds AuthShield to
the gate, `bench/gate.toml`; `python -m bench.instructions` counts anew.
"""

RATES = """\
## Requests a second

Whole requests, on PostgreSQL, by so many processes at once. They, Valkey and PostgreSQL share the cores of this
machine, so this is what the machine does, not what Valkey could: that spends {page:.0f} µs of its own on a page and
{order:.0f} µs on an order (all scripts of the request together), so one server has time for {pages:,.0f} pages or
{orders:,.0f} orders a second.
"""

MEMORY = """\
## Growth

Memory that Valkey's `MEMORY USAGE` tells of keys by what they are about, after each customer has done everything a
few times and a worker has taught the profiles.
"""

KEYS = """\
Copies of those keys fill the server; what a request adds then, and what Valkey spends on its scripts (both in µs,
on SQLite).
"""

GROWN = """\
Limits on an order instead of the shipped ones, each of which remembers up to {exact} events: by account, session,
address, block and device in turn.
"""
