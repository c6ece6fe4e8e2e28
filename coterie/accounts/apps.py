"""Django's handle on this package."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See the package."""

    name = "coterie.accounts"
    label = "accounts"
