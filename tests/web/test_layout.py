"""Columns, rows and density of the list: what the address says, what the member likes, what there is."""

import re

import pytest

from coterie.accounts.models import Member
from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute
from coterie.audience.view import MAX_COLUMNS, View
from coterie.web.layout import SIZES, STANDARD, layout_of
from tests.web.pages import link, listed, text_of


def shown(response) -> list[str]:
    """Keys of the columns after the name, in their order."""
    return re.findall(r'<a id="sort-([^"]*)"', response.content.decode())[1:]


def post(client, **fields):
    return client.post("/users/layout", {"view": "match=all", **fields})


def columns(client, *keys, view="match=all", **fields):
    return client.post("/users/layout", {"view": view, "columns": "1", "column": keys, **fields})


@pytest.mark.one_database
def test_without_a_wish_the_standard_columns_are_shown(browse, crowd):
    crowd(1)
    assert shown(browse.get("/users")) == list(STANDARD)


def test_chosen_columns_are_shown_in_their_order_and_kept(browse, crowd):
    crowd(1, plan="pro")
    response = columns(browse, "plan", "chats", "default_city")
    assert response.headers["Location"] == "/users?columns=plan,chats,default_city"
    assert shown(browse.get("/users")) == ["plan", "chats", "default_city"]


@pytest.mark.one_database
def test_what_the_address_says_comes_first_and_is_not_kept(browse, crowd):
    crowd(1)
    columns(browse, "chats")
    assert shown(browse.get("/users?columns=default_city,default_email")) == ["default_city", "default_email"]
    assert shown(browse.get("/users")) == ["chats"]


def test_another_member_has_their_own_and_sees_a_shared_view_as_it_was_sent(browse, client_of, admin, crowd):
    crowd(1)
    sent = columns(browse, "chats", "banned").headers["Location"]
    other = client_of(admin)
    assert shown(other.get("/users")) == list(STANDARD)
    assert shown(other.get(sent)) == ["chats", "banned"]
    assert shown(other.get("/users")) == list(STANDARD)


@pytest.mark.one_database
def test_the_link_to_share_names_the_columns_that_are_shown(browse, crowd):
    crowd(1)
    columns(browse, "chats", "banned")
    assert link(browse.get("/users"), "columns=chats,banned").endswith("/users?columns=chats,banned")


def test_reset_forgets_the_columns_and_nothing_else(browse, crowd):
    crowd(1)
    post(browse, rows="100", density="compact")
    columns(browse, "chats")
    response = columns(browse, "chats", reset="1", view="columns=chats&sort=createdAt")
    assert response.status_code == 200
    assert shown(browse.get("/users")) == list(STANDARD)
    body = browse.get("/users").content.decode()
    assert 'data-density="compact"' in body
    assert "<option selected>100" in body


@pytest.mark.one_database
def test_no_column_at_all_is_a_choice_that_can_be_shared(browse, client_of, admin, crowd):
    crowd(1)
    sent = columns(browse).headers["Location"]
    assert shown(browse.get("/users")) == []
    assert shown(client_of(admin).get(sent)) == []


@pytest.mark.one_database
def test_the_name_cannot_be_chosen_away_or_twice(browse, crowd):
    crowd(1, default_name="Ada")
    columns(browse, "default_name", "chats", "chats")
    response = browse.get("/users")
    assert (shown(response), listed(response)) == (["chats"], ["Ada"])


@pytest.mark.one_database
def test_columns_that_are_gone_are_left_out_of_what_was_kept(browse, crowd, workspace):
    crowd(1, plan="pro", secret="x")
    columns(browse, "plan", "secret", "chats")
    Attribute.objects.filter(workspace=workspace, key="secret").update(hidden=True)
    Attribute.objects.filter(workspace=workspace, key="plan").delete()
    response = browse.get("/users")
    assert shown(response) == ["chats"]
    assert "left out" not in text_of(response)


@pytest.mark.one_database
@pytest.mark.parametrize("key", ["secret", "shoe_size"])
def test_a_link_with_a_column_that_is_gone_says_so_and_shows_the_rest(browse, crowd, workspace, key):
    crowd(1, default_name="Ada", secret="x")
    Attribute.objects.filter(workspace=workspace, key="secret").update(hidden=True)
    response = browse.get(f"/users?columns={key},chats&f=chats:gte:0&sort=createdAt")
    assert (shown(response), listed(response)) == (["chats"], ["Ada"])
    assert "A part of this link was left out" in text_of(response)
    assert "“secret” is hidden" in text_of(response) or "no attribute “shoe_size”" in text_of(response)


@pytest.mark.one_database
def test_forty_columns_are_shown_of_more_and_it_is_said(browse, crowd):
    keys = [f"a{number}" for number in range(MAX_COLUMNS + 1)]
    crowd(1, **dict.fromkeys(keys, "x"))
    response = browse.get(f"/users?columns={','.join(keys)}")
    assert shown(response) == keys[:MAX_COLUMNS]
    assert "41 columns; the first 40 are shown" in text_of(response)
    columns(browse, *keys)
    assert shown(browse.get("/users")) == keys[:MAX_COLUMNS]


@pytest.mark.one_database
def test_a_key_with_commas_and_percents_is_one_column(browse, client_of, admin, crowd):
    keys = ["a,b", "50%", "c%2Cd", "e+f g", "a", "b"]
    crowd(1, **dict.fromkeys(keys, "x"))
    sent = columns(browse, *keys).headers["Location"]
    response = client_of(admin).get(sent)
    assert response.status_code == 200
    assert shown(response) == keys
    # The forms of the page send it as a whole.
    fields = re.findall(r'<input type="hidden" name="columns" value="([^"]*)"', response.content.decode())
    again = client_of(admin).get("/users", {"columns": fields[0]})
    assert again.headers["Location"] == sent


@pytest.mark.one_database
@pytest.mark.parametrize("size", SIZES)
def test_as_many_rows_as_wished_from_the_first_page(browse, crowd, size):
    crowd(110, default_name="P {n}")
    after = link(browse.get("/users"), 'id="next-page"').partition("?")[2]
    response = post(browse, rows=str(size), view=after)
    # As many as before are the same page.
    assert response.headers["Location"] == ("/users?match=all" if size != 50 else f"/users?{after}")
    assert len(listed(browse.get("/users"))) == size


@pytest.mark.one_database
@pytest.mark.parametrize(
    "fields", [{"rows": "1000000"}, {"rows": "-1"}, {"rows": "x"}, {"density": "<b>"}, {"rows": ""}]
)
def test_looks_that_there_are_not_change_nothing(browse, crowd, editor, fields):
    crowd(1)
    assert post(browse, **fields).status_code == 302
    assert Member.objects.get(user=editor).preferences == {}


@pytest.mark.one_database
@pytest.mark.parametrize(
    "preferences", [{"rows": "x", "density": 5, "columns": []}, {"rows": 33}, {"columns": ["nope", "chats", "<b>"]}]
)
def test_preferences_of_another_time_do_no_harm(workspace, crowd, preferences):
    crowd(1)
    layout = layout_of(Member(preferences=preferences), View(), audience_of(workspace).catalogue)
    assert (layout.size, layout.density) == (50, "comfortable")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"up": "chats"}, ["chats", "banned", "userId"]),
        ({"up": "banned"}, ["banned", "chats", "userId"]),
        ({"down": "chats"}, ["banned", "userId", "chats"]),
        ({"down": "userId"}, ["banned", "chats", "userId"]),
        ({"up": "nope"}, ["banned", "chats", "userId"]),
    ],
)
def test_buttons_move_a_column_and_stay_in_the_chooser(browse, crowd, fields, expected):
    crowd(1)
    response = columns(browse, "banned", "chats", "userId", **fields)
    assert "Shown, in this order" in text_of(response)
    assert re.findall(r'name="column" value="([^"]*)" checked', response.content.decode()) == expected
    assert shown(browse.get("/users")) == expected


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/users/layout", "/users/columns", "/users/filter", "/users/filter/apply"])
def test_a_view_that_is_not_understood_any_more_is_explained_and_never_everybody(browse, crowd, path):
    crowd(2, default_name="Ada {n}")
    fields = {"view": "f=gone:is:1&f=chats:gte:1&sort=createdAt\r\nX: y", "density": "compact", "attribute": "banned"}
    response = browse.post(path, fields) if path == "/users/layout" else browse.get(path, fields)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/users?f=gone:is:1&f=chats:gte:1&sort=createdAt")
    page = browse.get(response.headers["Location"])
    assert (page.status_code, listed(page)) == (422, [])
    whole = {"HX-Request": "true"}
    part = browse.post(path, fields, headers=whole) if "layout" in path else browse.get(path, fields, headers=whole)
    assert part.headers["HX-Redirect"] == response.headers["Location"]


def test_the_chooser_lists_every_column_once_without_the_hidden_ones(browse, crowd, workspace):
    crowd(1, plan="pro", secret="x", **{"<script>": "y"})
    Attribute.objects.filter(workspace=workspace, key="secret").update(hidden=True)
    body = browse.get("/users/columns?view=columns%3Dchats").content.decode()
    found = re.findall(r'name="column" value="([^"]*)"', body)
    assert found[0] == "chats"
    assert len(found) == len(set(found)) == len(audience_of(workspace).catalogue.columns) - 1
    assert "secret" not in body
    assert "&lt;script&gt;" in found
