"""Django's handle on this package."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """See the package."""

    name = "coterie.people"
    label = "people"
