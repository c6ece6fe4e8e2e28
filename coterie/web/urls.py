"""Addresses of the pages. Each view is decorated with the verb it needs (`web.members`); login and logout are open."""

from django.urls import path
from django.views.generic import RedirectView

from coterie.web import (
    attributes,
    exports,
    filters,
    layout,
    live,
    news,
    person,
    saved,
    saved_menu,
    saving,
    segments,
    session,
    users,
)
from coterie.web.login import Login, Logout

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="users"), name="home"),
    path("login", Login.as_view(), name="account_login"),
    path("logout", Logout.as_view(), name="account_logout"),
    path("workspace", session.choose_workspace, name="workspace"),
    path("users", users.users, name="users"),
    path("users/count", users.count, name="count"),
    path("users/columns", layout.chooser, name="columns"),
    path("users/layout", layout.change, name="layout"),
    path("users/live", live.live, name="live"),
    path("users/news", news.news, name="news"),
    path("users/filter", filters.builder, name="filter"),
    path("users/filter/apply", filters.apply, name="filter-apply"),
    path("users/filter/values", filters.values, name="filter-values"),
    path("users/filter/count", filters.count, name="filter-count"),
    path("users/views", saved.views, name="views"),
    path("users/views/menu", saved_menu.menu, name="views-menu"),
    path("users/views/save", saved.new, name="view-new"),
    path("users/views/edit", saved.edit, name="view-edit"),
    path("users/views/default", saved.default, name="view-default"),
    path("users/views/remove", saved.remove, name="view-remove"),
    path("users/views/restore", saved.restore, name="view-restore"),
    path("users/save", saving.save, name="save"),
    path("users/save/preview", saving.preview, name="save-preview"),
    path("users/export", exports.export, name="export"),
    path("users/export/confirm", exports.confirm, name="export-confirm"),
    path("users/<str:public_id>", person.user, name="user"),
    path("settings", attributes.settings, name="settings"),
    path("settings/attributes", attributes.attributes, name="attributes"),
    path("settings/attributes/edit", attributes.edit, name="attribute-edit"),
    path("settings/attributes/fit", attributes.fit, name="attribute-fit"),
    path("segments", segments.segments, name="segments"),
    path("segments/new", segments.new, name="segment-new"),
    path("segments/<str:public_id>/export", exports.segment, name="segment-export"),
]
