"""Django's handle on this package."""

from django.apps import AppConfig


class TransfersConfig(AppConfig):
    """See the package."""

    name = "coterie.transfers"
    label = "transfers"
