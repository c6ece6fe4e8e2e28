"""Django's handle on this package."""

from django.apps import AppConfig


class AudienceConfig(AppConfig):
    """See the package."""

    name = "coterie.audience"
    label = "audience"
