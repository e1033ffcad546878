"""The security desk: Django's admin for those who tune rules and work cases. Importing it registers all of it."""

from authshield.admin import (
    accounts,
    approvals,
    cases,
    factors,
    holds,
    keys,
    labels,
    learning,
    limits,
    lists,
    policy,
    records,
    rules,
    switches,
    versions,
)

__all__ = [
    "accounts",
    "approvals",
    "cases",
    "factors",
    "holds",
    "keys",
    "labels",
    "learning",
    "limits",
    "lists",
    "policy",
    "records",
    "rules",
    "switches",
    "versions",
]
