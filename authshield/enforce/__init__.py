"""Stage 4: a decision takes effect: challenges, holds, the last gate before money moves, and the answers.

May touch the database and the order port. Where something fails the stricter neighbour applies.
"""
