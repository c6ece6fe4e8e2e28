"""Django's handle on this package."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """See the package."""

    name = "coterie.jobs"
    label = "jobs"
