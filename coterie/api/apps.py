"""Django's handle on this package."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """See the package."""

    name = "coterie.api"
    label = "api"
