"""Saved views on the pages: opening Users with one, saving, changing, sharing, removing, and links that travel."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.accounts.models import Member, Role
from coterie.audience import saved as kept
from coterie.audience.models import Attribute, SavedView
from coterie.audience.recent import recent
from coterie.audience.tree import All, Condition, Not
from coterie.audience.view import View
from coterie.core.ids import new_id
from coterie.segments.catalogue import create
from coterie.segments.trash import remove
from tests.conftest import PASSWORD
from tests.web.pages import link, links, listed, said_on, text_of, undo_of

PAGE, SAVE, EDIT = "/users/views", "/users/views/save", "/users/views/edit"
OSLO = "f=default_city:is:Oslo"
NESTED = View(
    "any",
    (
        Condition("default_city", "is", ("Oslo",)),
        All((Condition("default_city", "is", ("Li|ma",)), Not(Condition("banned", "is_true")))),
    ),
).query
HOSTILE = [
    "<script>alert(1)</script>",
    "مرحبا بالعالم",
    "\u202egnp.exe",
    "'\"` --",
    "{{ 7*7 }}",
    "{% now %}",
    "🦊" * 128,
]


@pytest.fixture
def me(editor) -> Member:
    """Whoever `browse` is."""
    return Member.objects.select_related("workspace").get(user=editor)


@pytest.fixture
def look(client_of, viewer):
    """The test client of somebody who may only look."""
    return client_of(viewer)


@pytest.fixture
def manage(client_of, admin):
    """The test client of an admin."""
    return client_of(admin)


def save(client, query=OSLO, name="Oslo", **fields):
    return client.post(SAVE, {"view": query, "name": name, **fields})


def one(name="Oslo") -> SavedView:
    return SavedView.objects.filter(name=name).latest("id")


def menu(client, query="match=all", **fields):
    return client.get(f"{PAGE}/menu", {"view": query, **fields})


def shown(response) -> list[str]:
    """What the menu marks as shown now."""
    return [
        " ".join(unescape(re.sub("<[^>]+>", "", text)).split())
        for text in re.findall(r'aria-current="true"[^>]*>(.*?)</a>', response.content.decode(), re.S)
    ]


def query_of(response) -> str:
    return urlsplit(response.headers["Location"]).query


def undo(client, page):
    """Presses Undo in the message on the page."""
    body = page.content.decode()
    action = re.search(r'action="([^"]*)"', body[body.index('id="toasts"') :])[1]
    return client.post(action, undo_of(page))


# ── Opening Users ──


def test_without_a_default_users_opens_with_everybody(browse, crowd):
    crowd(2, default_name="Ada {n}")
    save(browse)
    assert listed(browse.get("/users")) == ["Ada 0", "Ada 1"]


def test_users_opens_with_the_view_that_was_chosen(browse, crowd):
    crowd(1, default_name="Ada", default_city="Oslo")
    crowd(1, default_name="Bob", default_city="Lima")
    save(browse, opens="1")
    response = browse.get("/users")
    assert query_of(response).startswith(f"{OSLO}&columns=")
    assert listed(browse.get(response.headers["Location"])) == ["Ada"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "query", ["match=all", "f=default_city:is:Lima", "search=bob", "sort=chats", "utm=1", "search="]
)
def test_an_address_that_says_something_is_what_it_says(browse, crowd, query):
    crowd(1, default_name="Bob", default_city="Lima")
    save(browse, opens="1")
    response = browse.get(f"/users?{query}", follow=True)
    assert listed(response) == ["Bob"]


def test_the_default_is_each_member_s_own(browse, look, crowd):
    crowd(1, default_name="Ada")
    save(browse, sharing="team", opens="1")
    assert browse.get("/users").status_code == 302
    assert look.get("/users").status_code == 200


def test_a_viewer_may_open_users_with_a_view_of_the_team(browse, look, crowd):
    crowd(1, default_name="Ada", default_city="Oslo")
    save(browse, sharing="team")
    look.post(f"{PAGE}/default", {"id": one().public_id})
    assert query_of(look.get("/users")).startswith(OSLO)


def test_a_default_that_was_removed_is_everybody_again_without_a_word(browse, look, crowd):
    crowd(1, default_name="Ada")
    save(browse, sharing="team")
    look.post(f"{PAGE}/default", {"id": one().public_id})
    browse.post(f"{PAGE}/remove", {"id": one().public_id})
    response = look.get("/users")
    assert response.status_code == 200
    assert listed(response) == ["Ada"]


@pytest.mark.one_database
def test_a_default_with_a_part_that_is_gone_says_so_and_everybody_is_in_reach(browse, crowd, workspace):
    crowd(1, default_name="Ada", plan="pro")
    save(browse, "f=plan:is:pro", "Pro", opens="1")
    Attribute.objects.filter(workspace=workspace, key="plan").update(hidden=True)
    page = browse.get(browse.get("/users").headers["Location"])
    assert page.status_code == 422
    assert "a part we don’t understand" in text_of(page)
    assert "Views. Shown now: Pro" in text_of(page)
    assert "/users?match=all" in links(browse.get(link(page, "views-button")))


def test_choosing_another_default_is_taken_back(browse):
    for name in ("One", "Two"):
        save(browse, name=name)
    browse.post(f"{PAGE}/default", {"id": one("One").public_id}, follow=True)
    page = browse.post(f"{PAGE}/default", {"id": one("Two").public_id}, follow=True)
    assert "Users opens with “Two” now." in said_on(page)
    page = undo(browse, page)
    assert query_of(browse.get("/users")).startswith(OSLO)
    assert "Users opens with “One” now." in said_on(browse.get(PAGE))
    page = browse.post(f"{PAGE}/default", {"id": ""}, follow=True)
    assert "Users opens with everybody now." in said_on(page)


# ── The name of what is shown ──


@pytest.mark.one_database
@pytest.mark.parametrize(
    "query",
    [
        OSLO,
        NESTED,
        "search=a%26b%20%C3%BC",
        "match=any&f=default_city:any_of:Oslo|Li%7Cma&f=banned:is_true",
        "sort=chats",
    ],
)
def test_the_title_names_the_view_whatever_the_columns(browse, crowd, query):
    crowd(1, default_name="Ada")
    save(browse, query, "A name")
    for address in (query, f"{query}&columns=chats"):
        page = browse.get(f"/users?{address}")
        assert "<title>A name · Users" in page.content.decode()
        assert "Views. Shown now: A name" in text_of(page)
        assert shown(menu(browse, address)) == ["A name"]


@pytest.mark.one_database
def test_another_view_has_no_name(browse, crowd):
    crowd(1, default_name="Ada")
    save(browse, name="A name")
    for query in ("match=all", f"{OSLO}&sort=chats", f"search=a&{OSLO}", "f=default_city:is:oslo"):
        assert "A name" not in text_of(browse.get(f"/users?{query}"))
    assert shown(menu(browse, "match=all")) == ["Everybody"]


@pytest.mark.one_database
def test_a_value_with_a_separator_in_it_is_not_mistaken_for_two(browse, crowd):
    crowd(1, default_name="Ada")
    save(browse, "f=default_city:any_of:a%7Cb", "One value")
    assert "One value" in text_of(browse.get("/users?f=default_city:any_of:a%7Cb"))
    assert "One value" not in text_of(browse.get("/users?f=default_city:any_of:a|b"))


@pytest.mark.one_database
def test_part_of_a_page_brings_the_name_with_it(browse, crowd):
    crowd(1, default_name="Ada")
    page = browse.get("/users")
    assert 'hx-select-oob="#views,' in page.content.decode()
    assert 'id="views"' in page.content.decode()


# ── Saving ──


def test_a_view_is_saved_with_order_and_the_columns_that_are_seen(browse, me, crowd):
    crowd(1, default_name="Ada")
    browse.post("/users/layout", {"view": OSLO, "columns": "1", "column": ["chats", "default_email"]})
    response = save(browse, f"search=ada&{OSLO}&sort=-chats&after=nonsense")
    assert query_of(response) == f"search=ada&{OSLO}&sort=-chats&columns=chats,default_email"
    assert "View “Oslo” saved." in said_on(browse.get(response.headers["Location"]))


@pytest.mark.one_database
def test_the_form_suggests_what_the_view_says(browse):
    page = browse.get(SAVE, {"view": f"{OSLO}&f=banned:is_false&sort=-chats"}).content.decode()
    assert 'value="City is Oslo and Banned is no, most chats"' in page or "City is Oslo and" in page
    long = "&".join(f"f=default_city:is:{n}{'x' * 60}" for n in range(9))
    suggested = re.search(r'name="name"[^>]*value="([^"]*)"', browse.get(SAVE, {"view": long}).content.decode())[1]
    assert len(unescape(suggested)) == 128


def test_a_name_that_is_taken_is_said_at_the_field_and_nothing_typed_is_lost(browse):
    save(browse)
    response = save(browse, "f=default_city:is:Lima", "OSLO", sharing="me", opens="1")
    assert response.status_code == 422
    assert "There is already a view called “OSLO”." in text_of(response)
    body = response.content.decode()
    assert 'value="OSLO"' in body
    assert 'name="opens" value="1" checked' in body
    assert SavedView.objects.filter(name="OSLO").count() == 0


@pytest.mark.one_database
@pytest.mark.parametrize("query", ["f=nonsense", "f=plan:is:x", "match=none", "q=[", "f=default_city:wrong:x"])
def test_a_view_that_is_not_understood_is_not_saved(browse, me, query):
    response = save(browse, query)
    assert response.status_code == 422
    assert "not understood, so it cannot be saved" in text_of(response)
    assert kept.views_of(me) == []
    assert SAVE not in menu(browse, query).content.decode()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_they_are(browse, crowd, name):
    crowd(1, default_name="Ada")
    save(browse, name=name, sharing="team", opens="1")
    page = browse.get("/users", follow=True)
    for response in (page, menu(browse, OSLO), browse.get(PAGE), browse.get(EDIT, {"id": one(name).public_id})):
        body = response.content.decode()
        assert name in unescape(body)
        assert "<script>alert" not in body
    page = browse.post(f"{PAGE}/remove", {"id": one(name).public_id}, follow=True)
    assert "View “" in said_on(page)
    assert f"View “{name}” is back." in said_on(browse.post(f"{PAGE}/restore", undo_of(page), follow=True))


@pytest.mark.parametrize(
    "view", ["\x00", "%00", "search=%00", "x" * 5_000, "&&&=", "f=%ED%A0%80", "columns=" + "a," * 500]
)
def test_nonsense_breaks_no_page(browse, view):
    assert browse.get(PAGE, {"view": view}).status_code == 200
    assert menu(browse, view, opened="\x00").status_code == 200
    assert browse.get(SAVE, {"view": view}).status_code == 200
    assert save(browse, view, "n").status_code in (302, 422)


# ── Changing ──


def test_renaming_is_taken_back(browse):
    save(browse)
    page = browse.post(EDIT, {"id": one().public_id, "name": "Norway", "view": OSLO}, follow=True)
    assert "“Oslo” is called “Norway” now." in said_on(page)
    page = browse.post(EDIT, undo_of(page), follow=True)
    assert "“Norway” is called “Oslo” now." in said_on(page)


def test_sharing_and_taking_back(browse, look):
    save(browse)
    page = browse.post(EDIT, {"id": one().public_id, "sharing": "team"}, follow=True)
    assert "The whole team sees “Oslo” now." in said_on(page)
    assert "Oslo" in text_of(look.get(PAGE))
    page = browse.post(EDIT, undo_of(page), follow=True)
    assert "Only you see “Oslo” now." in said_on(page)
    assert "Oslo" not in said_on(look.get(PAGE))


def test_the_opened_view_is_updated_to_what_is_shown_and_back(browse, crowd):
    crowd(1, default_name="Ada")
    save(browse)
    changed = f"{OSLO}&f=banned:is_false"
    page = menu(browse, changed, opened=one().public_id)
    assert "Update “Oslo”" in said_on(page)
    fields = {"id": one().public_id, "query": changed, "view": changed, "to": "list"}
    response = browse.post(EDIT, fields)
    assert query_of(response).startswith(changed)
    page = browse.get(response.headers["Location"])
    assert "“Oslo” lists what you see now." in said_on(page)
    assert "Views. Shown now: Oslo" in text_of(page)
    assert query_of(browse.post(EDIT, undo_of(page))).startswith(f"{OSLO}&columns")


@pytest.mark.one_database
def test_update_is_offered_only_for_a_change_of_a_view_that_may_be_changed(browse, look, crowd):
    save(browse, sharing="team")
    changed, opened = "f=default_city:is:Lima", one().public_id
    assert "Update “" not in said_on(menu(browse, changed))
    assert "Update “" not in said_on(menu(browse, f"{OSLO}&columns=chats", opened=opened))
    assert "Update “" not in said_on(menu(browse, "f=nonsense", opened=opened))
    assert "Update “" not in said_on(menu(look, changed, opened=opened))
    assert "Update “" in said_on(menu(browse, changed, opened=opened))


@pytest.mark.one_database
def test_without_script_the_form_offers_what_was_seen_last(browse):
    save(browse)
    changed = f"{OSLO}&f=banned:is_false"
    page = browse.get(link(browse.get(PAGE, {"view": changed}), "Edit Oslo"))
    assert "List what you saw last instead" in text_of(page)
    browse.post(EDIT, {"id": one().public_id, "name": "Oslo", "query": changed, "view": changed})
    assert one().query.startswith(changed)


@pytest.mark.one_database
def test_nothing_to_change_is_said(browse):
    save(browse)
    assert "Nothing was changed." in said_on(browse.post(EDIT, {"id": one().public_id, "name": "Oslo"}, follow=True))


def test_undo_brings_a_removed_view_back_also_as_the_default(browse, crowd):
    crowd(1, default_name="Ada")
    save(browse, opens="1")
    page = browse.post(f"{PAGE}/remove", {"id": one().public_id, "view": OSLO}, follow=True)
    assert "View “Oslo” removed." in said_on(page)
    assert "No views yet" in text_of(page)
    assert parse_qsl(page.request["QUERY_STRING"]) == [("view", OSLO)]
    assert "View “Oslo” is back." in said_on(undo(browse, page) and browse.get(PAGE))
    assert query_of(browse.get("/users")).startswith(OSLO)


# ── Whose they are ──


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.ADMIN, Role.OWNER])
def test_own_views_of_others_never_show_and_cannot_be_touched(browse, client_of, member_of, workspace, crowd, role):
    crowd(1, default_name="Ada", default_city="Oslo")
    save(browse, name="Secret plan")
    public_id, other = one("Secret plan").public_id, client_of(member_of(workspace, role))
    for page in (
        other.get(f"/users?{OSLO}"),
        other.get(PAGE),
        menu(other, OSLO),
        menu(other, "search=a", opened=public_id),
    ):
        assert "Secret" not in page.content.decode()
        assert public_id not in page.content.decode()
    assert other.get(EDIT, {"id": public_id}).status_code == 404
    for path in ("edit", "remove", "default"):
        assert other.post(f"{PAGE}/{path}", {"id": public_id, "name": "Mine now", "opens": "1"}).status_code == 404
    assert save(other, name="Secret plan").status_code == 302
    assert SavedView.objects.filter(workspace=workspace, name="Secret plan").count() == 2


def test_a_viewer_saves_for_themselves_only(look, workspace):
    assert 'value="team"' not in look.get(SAVE, {"view": OSLO}).content.decode()
    assert save(look, name="Mine").status_code == 302
    assert save(look, name="Ours", sharing="team").status_code == 403
    assert look.post(EDIT, {"id": one("Mine").public_id, "sharing": "team"}).status_code == 403
    assert [saved.name for saved in SavedView.objects.filter(workspace=workspace, owner=None)] == []


def test_a_view_of_the_team_is_changed_by_who_made_it_and_admins_only(
    browse, look, manage, workspace, client_of, member_of
):
    save(browse, sharing="team")
    public_id = one().public_id
    for other in (look, client_of(member_of(workspace, Role.EDITOR))):
        assert "Edit Oslo" not in other.get(PAGE).content.decode()
        assert other.get(EDIT, {"id": public_id}).status_code == 403
        assert other.post(EDIT, {"id": public_id, "name": "Taken"}).status_code == 403
        assert other.post(f"{PAGE}/remove", {"id": public_id}).status_code == 403
    page = manage.get(link(manage.get(PAGE), "Edit Oslo"))
    assert 'name="sharing"' not in page.content.decode()
    assert manage.post(EDIT, {"id": public_id, "sharing": "me"}).status_code == 403
    assert "“Oslo” is called “Norway” now." in said_on(
        manage.post(EDIT, {"id": public_id, "name": "Norway"}, follow=True)
    )
    page = manage.post(f"{PAGE}/remove", {"id": public_id}, follow=True)
    undo(manage, page)
    assert "Norway" in text_of(browse.get(PAGE))
    assert "Edit Norway" in browse.get(PAGE).content.decode()


@pytest.mark.one_database
def test_the_page_says_whose_a_view_of_the_team_is(browse, look, editor):
    save(browse, sharing="team")
    assert f"Whole team, by {editor.email}" in text_of(look.get(PAGE))


def test_two_workspaces_with_the_same_ids_never_meet(browse, me, client_of, stranger, other_workspace, crowd):
    there = Member.objects.get(user=stranger)
    row_id, digest = new_id(), kept.digest_of(OSLO)
    for member, name in ((me, "Ours"), (there, "Theirs")):
        values = {"name": name, "folded": name.casefold(), "query": OSLO, "digest": digest, "created_by": member}
        SavedView.objects.create(workspace_id=member.workspace_id, id=row_id, **values)
    public_id, other = one("Ours").public_id, client_of(stranger)
    crowd(1, default_name="Ada")
    crowd(1, in_workspace=other_workspace, default_name="Eve")
    for client, theirs in ((browse, "Theirs"), (other, "Ours")):
        for page in (client.get(f"/users?{OSLO}"), client.get(PAGE), menu(client, OSLO)):
            assert theirs not in page.content.decode()
    other.post(EDIT, {"id": public_id, "name": "Changed"})
    other.post(f"{PAGE}/default", {"id": public_id})
    other.post(f"{PAGE}/remove", {"id": public_id})
    assert one("Ours").workspace_id == me.workspace_id
    assert browse.get("/users").status_code == 200


# ── What needs a look ──


def test_a_view_with_a_hidden_attribute_is_marked_and_opens_with_a_notice(browse, crowd, workspace):
    crowd(1, default_name="Ada", plan="pro")
    save(browse, "f=plan:is:pro", "Pro")
    save(browse, "search=a&sort=plan&columns=plan", "By plan")
    Attribute.objects.filter(workspace=workspace, key="plan").update(hidden=True)
    text = text_of(browse.get(PAGE))
    assert text.count("needs a look") == 2
    assert said_on(menu(browse)).count("needs a look") == 2
    page = browse.get(link(browse.get(PAGE), "plan:is:pro"))
    assert (page.status_code, "don’t understand" in text_of(page)) == (422, True)
    assert "Views. Shown now: Pro" in text_of(page)
    page = browse.get(link(browse.get(PAGE), "sort=plan"))
    assert "A part of this link was left out" in text_of(page)


@pytest.mark.one_database
def test_a_view_of_a_removed_segment_is_marked(browse, workspace, crowd):
    crowd(1, default_name="Ada")
    segment = create(workspace, "Gone", "test")
    save(browse, f"f=segment:in:{segment.public_id}", "In it")
    assert "needs a look" not in text_of(browse.get(PAGE))
    remove(workspace, segment, "test")
    assert "needs a look" in text_of(browse.get(PAGE))
    opened = browse.get(link(browse.get(PAGE), "segment:in"))
    assert opened.status_code == 422
    assert "removed" in text_of(opened)


# ── Recent filters ──


def test_a_filter_that_is_applied_is_among_the_recent_ones(browse, me, crowd):
    crowd(1, default_name="Ada", default_city="Oslo")
    fields = {"view": "sort=-chats", "attribute": "default_city", "rule": "is", "value": "Oslo"}
    response = browse.get("/users/filter/apply", fields)
    assert query_of(response) == f"{OSLO}&sort=-chats"
    assert recent(me) == [OSLO]
    assert f"/users?{OSLO}" in links(menu(browse))
    assert "City is Oslo" in text_of(browse.get(PAGE))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("headers", "noted"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Referer": "https://mail.example/inbox"}, True),
        ({"Referer": "http://[broken"}, True),
        ({"Referer": "http://testserver/login?next=/users"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Referer": "http://testserver/login?next=/users"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Referer": "http://testserver/users"}, False),
        ({"Referer": "http://testserver/users?match=all"}, False),
        ({"HX-Request": "true"}, False),
    ],
)
def test_a_link_from_elsewhere_is_remembered_and_walking_about_is_not(browse, me, crowd, headers, noted):
    crowd(1, default_name="Ada")
    browse.get(f"/users?{OSLO}", headers=headers)
    assert recent(me) == ([OSLO] if noted else [])


@pytest.mark.one_database
def test_recent_filters_that_are_not_understood_any_more_are_left_out(browse, me, crowd, workspace):
    crowd(1, default_name="Ada", plan="pro")
    for query in ("f=plan:is:pro", OSLO):
        browse.get(f"/users?{query}")
    Attribute.objects.filter(workspace=workspace, key="plan").update(hidden=True)
    assert len(recent(me)) == 2
    for page in (menu(browse), browse.get(PAGE)):
        assert "City is Oslo" in said_on(page)
        assert "plan" not in page.content.decode()


def test_recent_filters_are_each_member_s_own(browse, look, crowd):
    crowd(1, default_name="Ada")
    browse.get(f"/users?{OSLO}")
    assert "City is Oslo" not in said_on(menu(look))


# ── Links that travel ──


@pytest.mark.one_database
@pytest.mark.parametrize(
    "query",
    [
        f"{OSLO}&columns=chats,default_email",
        f"search=a%26b%20%C3%BC&{OSLO}&sort=-chats&columns=chats",
        f"{NESTED}&columns=lastSeen",
        "f=default_city:any_of:Os%7Clo|Lima&columns=chats",
    ],
)
def test_the_shared_link_lands_on_the_same_view_for_any_member_also_after_the_login(
    browse, client, viewer, crowd, query
):
    cache.clear()
    crowd(1, default_name="Ada", default_city="Oslo")
    save(browse, query, "Shared by link")
    shared = re.search(r'data-copy="http://testserver([^"]*)"', browse.get(f"/users?{query}").content.decode())
    url = unescape(shared[1])
    assert url == f"/users?{query}"
    door = client.get(url)
    target = dict(parse_qsl(urlsplit(door.headers["Location"]).query))["next"]
    answer = client.post("/login", {"login": viewer.email, "password": PASSWORD, "next": target})
    page = client.get(answer.headers["Location"], headers={"Referer": f"http://testserver{door.headers['Location']}"})
    assert page.status_code == 200
    mine = browse.get(url)
    assert listed(page) == listed(mine)
    columns = re.compile(r'<th scope="col" class="at-.*?</th>', re.S)
    assert columns.findall(page.content.decode()) == columns.findall(mine.content.decode())
    assert "Shared by link" not in page.content.decode()
    assert len(recent(Member.objects.get(user=viewer))) == 1


@pytest.mark.one_database
def test_the_login_leads_to_the_default_view(browse, client, editor, crowd):
    cache.clear()
    crowd(1, default_name="Ada")
    save(browse, opens="1")
    answer = client.post("/login", {"login": editor.email, "password": PASSWORD})
    assert query_of(client.get(answer.headers["Location"])).startswith(OSLO)


# ── Cost ──


def queries(client, url: str, **headers: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(url, headers=headers)
    return len(captured)


def test_views_cost_the_list_one_query_however_many_there_are(browse, me, crowd):
    crowd(1, default_name="Ada")
    inside = {"Referer": "http://testserver/users"}
    browse.get("/users")
    with CaptureQueriesContext(connection) as captured:
        browse.get(f"/users?{OSLO}", headers=inside)
    assert len([query for query in captured if "savedview" in query["sql"] or "recentfilters" in query["sql"]]) == 1
    few = len(captured)
    for number in range(30):
        save(browse, f"f=default_city:is:{number}", f"View {number}", sharing="team" if number % 2 else "me")
    browse.get("/users?match=all")
    assert queries(browse, f"/users?{OSLO}", **inside) == few


def test_the_menu_and_the_page_cost_the_same_with_many_views(browse, crowd):
    crowd(1, default_name="Ada")
    save(browse, "f=default_city:is:0", "View 0", opens="1")
    browse.get(PAGE)
    urls = (PAGE, f"{PAGE}/menu?{urlencode({'view': OSLO})}")
    few = [queries(browse, url) for url in urls]
    for number in range(1, 20):
        save(browse, f"f=default_city:is:{number}", f"View {number}", sharing="team")
    browse.get(PAGE)
    assert [queries(browse, url) for url in urls] == few
