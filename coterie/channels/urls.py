"""Addresses that the outside world sends chats to."""

from django.urls import path

from coterie.channels.api import views as api
from coterie.channels.widget import views as widget

urlpatterns = [
    path("channels/api/<str:key>", api.events, name="channel-api"),
    path("channels/widget/<str:key>", widget.chat, name="channel-widget"),
    path("widget.js", widget.script, name="widget-script"),
    path("demo", widget.demo, name="demo-shop"),
]
