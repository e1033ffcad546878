"""Velocity windows, the account's profile and its sessions, all in one Redis round trip an event.

``measure`` counts and reads, ``settle`` gives back and learns. Must not judge, and nothing else talks to Redis.
"""

from authshield.measure.measuring import ameasure, measure
from authshield.measure.settle import Settlement, settle, settle_then_measure
from authshield.measure.store import Store, default_store

__all__ = ["Settlement", "Store", "ameasure", "default_store", "measure", "settle", "settle_then_measure"]
