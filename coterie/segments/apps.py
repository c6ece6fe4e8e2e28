"""Django's handle on this package."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """See the package."""

    name = "coterie.segments"
    label = "segments"
