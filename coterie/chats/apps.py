"""Django's handle on this package."""

from django.apps import AppConfig


class ChatsConfig(AppConfig):
    """See the package."""

    name = "coterie.chats"
    label = "chats"
