"""The security desk: Django's admin for those who tune rules and work cases. Importing it registers all of it."""

from authshield.admin import (
    accounts,
    cases,
    factors,
    holds,
    labels,
    learning,
    limits,
    lists,
    records,
    rules,
    switches,
    versions,
)

__all__ = [
    "accounts",
    "cases",
    "factors",
    "holds",
    "labels",
    "learning",
    "limits",
    "lists",
    "records",
    "rules",
    "switches",
    "versions",
]
