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
servers to the other. Each of the {rounds} rounds gives each variant {calls} calls of each kind, one variant after
the other and another one first each time; a round's figure is the median of its calls. *Added* is the difference to
the bare site **of the same round**; given are the median over the rounds and the quartiles. *× PING* divides it by
what one redis-py PING adds in the same place, the floor of one round trip; `?` where the first quartile of that is
not above nothing. *Added CPU* is the mean over all calls of
the site's own process, without servers, so it includes what happens rarely, such as AuthShield's look for new rules
every half second. *p99* is of whole requests.

*Trips* are packets that the process sends to Redis, *commands* what Redis ran for them, those inside scripts too,
*SQL* statements besides BEGIN and COMMIT: medians of 5 calls. They do not depend on the machine.

Passwords are hashed with MD5, else the hash (some 200 ms) would drown everything; a failed sign-in in production is
therefore dominated by its hash under every guard that lets it be checked. Limits are so high (AuthShield keeps its
shipped ones: requests are spread over many people) that none is met: what is compared is the cost of letting
through. Every answer's status is checked.
"""

AIMS = """\
## Where AuthShield misses its aims

Aims: one trip to Redis for a page, a failed sign-in and an order, two for a sign-in; at most 2.0 times what a PING
costs; no peer quicker. By the figures above:
"""

LIMITS = """\
## Limits of this study

- Not equal work. AuthShield also judges rules, reads and teaches profiles, writes an order's ledger line and hands
  each event to its workers; ratelimit and limits count, and axes and defender count failed sign-ins alone. A figure
  says what a request costs more, not which is written better.
- Redis is a unix socket away. Over a network every trip costs a network's round trip more, which favours few trips;
  so do TLS and a busy server. A PING here is quick because it is local.
- One client at a time: nothing about throughput under load. One run on one machine; differences under some 30 µs are
  noise, more on a machine that does other things (see the load average above).
- No worker runs beside the web processes; on two cores it would take time from them. The stream that it would read
  is written. For the outage a worker has done its work before.
- Thresholds that nobody reaches: what a refusal costs was not measured, but for the hundred guesses.
- Django-redis is the cache of axes and ratelimit, since it is quicker than Django's own. defender and limits bring
  their own client. hiredis is installed for all.
- Names, addresses and devices are made up and few; the files of the databases are small.
"""
