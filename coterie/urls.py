"""Every address, by door."""

from django.urls import include, path

urlpatterns = [
    path("", include("coterie.channels.urls")),
    path("", include("coterie.api.urls")),
    path("", include("coterie.web.urls")),
]
