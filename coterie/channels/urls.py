"""Addresses that the outside world sends chats to."""

from django.urls import path, re_path

from coterie.channels.api import views as api
from coterie.channels.registry import KINDS
from coterie.channels.segment import views as segment
from coterie.channels.segment.admit import CALLS
from coterie.channels.webhooks import webhook
from coterie.channels.widget import doors
from coterie.channels.widget import views as widget

_PLATFORMS = "|".join(kind.name for kind in KINDS.values() if kind.admit is not None)

urlpatterns = [
    path("channels/api/<str:key>", api.events, name="channel-api"),
    path("channels/widget/<str:key>", doors.chat, name="channel-widget"),
    path("channels/widget/<str:key>/open", doors.open_chat, name="channel-widget-open"),
    path("channels/widget/<str:key>/identify", doors.identify, name="channel-widget-identify"),
    path("channels/widget/<str:key>/attributes", doors.attributes, name="channel-widget-attributes"),
    re_path(rf"^channels/(?P<kind>{_PLATFORMS})/(?P<key>[^/]+)$", webhook, name="channel-webhook"),
    re_path(rf"^v1/(?P<call>{'|'.join(CALLS)})$", segment.track, name="segment"),
    path("v1/projects/<str:key>/settings", segment.settings, name="segment-settings"),
    path("widget.js", widget.script, name="widget-script"),
    path("demo", widget.demo, name="demo-shop"),
]
