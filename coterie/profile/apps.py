"""Django's handle on this package."""

from django.apps import AppConfig


class ProfileConfig(AppConfig):
    """See the package."""

    name = "coterie.profile"
    label = "profile"
