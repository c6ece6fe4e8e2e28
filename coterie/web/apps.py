"""Django's handle on this package."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """See the package."""

    name = "coterie.web"
    label = "web"
