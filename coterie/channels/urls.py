"""Addresses that the outside world sends chats to."""

from django.urls import path

from coterie.channels.api import views as api
from coterie.channels.widget import doors, views

urlpatterns = [
    path("channels/api/<str:key>", api.events, name="channel-api"),
    path("channels/widget/<str:key>", doors.chat, name="channel-widget"),
    path("channels/widget/<str:key>/open", doors.open_chat, name="channel-widget-open"),
    path("channels/widget/<str:key>/identify", doors.identify, name="channel-widget-identify"),
    path("channels/widget/<str:key>/attributes", doors.attributes, name="channel-widget-attributes"),
    path("widget.js", views.script, name="widget-script"),
    path("demo", views.demo, name="demo-shop"),
]
