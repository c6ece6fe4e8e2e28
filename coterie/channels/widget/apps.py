"""Django's handle on this package, so that its templates and static files are found."""

from django.apps import AppConfig


class WidgetConfig(AppConfig):
    """See the package."""

    name = "coterie.channels.widget"
    label = "widget"
