"""AuthShield guards a stockbroker's logins and orders.

One event's journey, stage by stage:

1. ``observe``  the request becomes an Event
2. ``measure``  the Event is counted and its Features are read, in one Redis round trip
3. ``judge``    Event and Features become a Decision, by the published rules alone
4. ``enforce``  the Decision takes effect: allow, challenge, hold or deny
5. ``record``   what was decided is written down, in the effect's own transaction
6. ``score``    a worker looks at the session again
7. ``contain``  ends sessions, holds orders, opens cases
8. ``tune``     the desk changes the rules that all of it runs by

Read ``authshield.pipeline`` first. This module imports nothing.
"""

__version__ = "0.1.0.dev0"
