"""Django's handle on this package."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """See the package."""

    name = "coterie.journal"
    label = "journal"
