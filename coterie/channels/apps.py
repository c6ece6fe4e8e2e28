"""Django's handle on this package."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """See the package."""

    name = "coterie.channels"
    label = "channels"
