"""Addresses of the API and of health checks."""

from django.urls import path, re_path

from coterie.api import health
from coterie.api.server import api, not_found

urlpatterns = [
    path("api/", not_found),
    path("api/", api.urls),
    re_path(r"^api(?:/.*)?$", not_found),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
