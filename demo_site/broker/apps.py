"""Registers the broker with Django. Must not hold anything else."""

from django.apps import AppConfig


class BrokerConfig(AppConfig):
    """The demo brokerage's app."""

    name = "demo_site.broker"
    verbose_name = "Brokerage"
