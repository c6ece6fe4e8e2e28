"""The Users and Segments pages in a real browser: selection, keys, no script, phones, accessibility."""

import datetime as dt

import pytest
from playwright.sync_api import Browser, Page, expect

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create, segments_of
from coterie.segments.membership import sizes
from tests.browser.conftest import watch
from tests.conftest import PASSWORD
from tests.makers import put_in


@pytest.fixture
def people(workspace) -> list[Person]:
    """60 people in Oslo and Lima, newest first by number, some in segments."""
    moment = now()
    made = [
        Person(
            user_id=f"b{number}",
            attributes={
                "default_name": f"Person {number:02}",
                "default_city": "Oslo" if number % 2 else "Lima",
                "default_email": f"p{number}@mail.example",
                "default_source": "Chat Widget",
            },
            last_seen=moment - dt.timedelta(minutes=number + 2),
            created_at=moment - dt.timedelta(days=number),
            chats=number,
        )
        for number in range(60)
    ]
    commit(workspace.pk, "test", lambda tx: create_people(tx, made))
    segment = create(workspace, "Early birds", "test")
    put_in(workspace, "test", [segment.id], [person.id for person in made[:3]])
    return made


@pytest.fixture
def users(page, sign_in, owner, people) -> Page:
    """The Users page, open."""
    sign_in(page, owner)
    page.goto("/users")
    return page


def rows(page: Page) -> list[str]:
    # Without script a click ends when the next page begins to arrive.
    page.wait_for_load_state("domcontentloaded")
    return page.locator(".who bdi").all_inner_texts()


def bar(page: Page):
    return page.get_by_role("region", name="Selected users")


@pytest.mark.every_database
def test_paging_sorting_and_going_back_keep_the_address_right(users):
    users.get_by_role("link", name="Next").click()
    expect(users.get_by_text("Showing 51–60 of 60")).to_be_visible()
    assert "after=" in users.url
    users.get_by_role("link", name="Previous page").click()
    expect(users.get_by_text("Showing 1–50 of 60")).to_be_visible()
    users.get_by_label("Sort by").select_option("createdAt")
    expect(users.locator(".who bdi").first).to_have_text("Person 59")
    assert users.url.endswith("/users?sort=createdAt")
    users.go_back()
    expect(users.locator(".who bdi").first).to_have_text("Person 00")
    users.get_by_role("link", name="First seen").click()
    expect(users.get_by_role("columnheader", name="First seen")).to_have_attribute("aria-sort", "descending")


def test_shift_and_a_click_select_everything_between(users):
    users.get_by_role("checkbox", name="Select Person 02").check()
    users.get_by_role("checkbox", name="Select Person 06").click(modifiers=["Shift"])
    expect(bar(users)).to_contain_text("5 selected.")
    users.get_by_role("checkbox", name="Select Person 04").uncheck()
    expect(bar(users)).to_contain_text("4 selected.")
    users.get_by_role("button", name="Clear the selection").click()
    expect(bar(users)).to_be_hidden()


def test_all_who_match_are_saved_not_only_the_page(users, workspace):
    users.get_by_role("checkbox", name="Select all 50 on this page").check()
    expect(bar(users)).to_contain_text("All 50 on this page selected.")
    users.get_by_role("button", name="Select all 60 matching").click()
    expect(bar(users)).to_contain_text("All 60 matching selected.")
    bar(users).get_by_role("button", name="Save to Segment").click()
    users.get_by_role("searchbox", name="Find or name a segment").fill("Everybody")
    users.get_by_role("button", name="Create new segment “Everybody”").click()
    users.get_by_role("checkbox", name="Early birds").check()
    expect(users.get_by_text("Adds 57 people; 3 are already in it")).to_be_visible()
    users.get_by_role("button", name="Confirm").click()
    expect(users.get_by_text("60 people added to Everybody.")).to_be_visible()
    expect(bar(users)).to_be_hidden()
    assert set(sizes(workspace, [segment.id for segment in segments_of(workspace)]).values()) == {60}


def test_nothing_chosen_is_said_in_the_dialog(users, page_problems):
    users.get_by_role("checkbox", name="Select Person 01").check()
    bar(users).get_by_role("button", name="Save to Segment").click()
    users.get_by_role("button", name="Confirm").click()
    expect(users.get_by_role("dialog").get_by_text("Choose at least one segment")).to_be_visible()
    assert users.url.endswith("/users")
    page_problems.clear()


def test_the_keyboard_alone_filters_selects_and_saves(users):
    users.keyboard.press("f")
    expect(users.get_by_role("searchbox", name="Find an attribute")).to_be_focused()
    users.keyboard.type("city")
    users.keyboard.press("Enter")
    expect(users.get_by_role("textbox", name="City")).to_be_focused()
    users.keyboard.type("oslo")
    expect(users.locator("#filter-count")).to_have_text("30 of 60 people")
    users.keyboard.press("Enter")
    expect(users.get_by_role("link", name="Edit filter: City is oslo")).to_be_visible()
    users.locator("#main").focus()
    for key in ("j", "x", "j", "j", "Shift+X"):
        users.keyboard.press(key)
    expect(bar(users)).to_contain_text("3 selected.")
    users.keyboard.press("s")
    expect(users.get_by_role("dialog", name="Save 3 people to segments")).to_be_visible()
    users.keyboard.press("Escape")
    users.keyboard.press("Escape")
    expect(bar(users)).to_be_hidden()
    users.keyboard.press("?")
    expect(users.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    users.keyboard.press("Escape")
    users.keyboard.press("g")
    users.keyboard.press("s")
    expect(users.get_by_role("heading", name="Segments", level=1)).to_be_visible()


def test_several_values_stand_as_tokens(users):
    users.get_by_role("link", name="Add filter").click()
    users.get_by_role("link", name="City", exact=True).click()
    users.get_by_label("Rule").select_option("any_of")
    users.get_by_role("checkbox", name="Oslo").check()
    users.get_by_role("textbox", name="City").fill("Paris")
    users.keyboard.press("Enter")
    expect(users.locator(".token")).to_have_text(["Oslo", "Paris"])
    users.get_by_role("button", name="Remove Paris").click()
    expect(users.locator("#filter-count")).to_have_text("30 of 60 people")
    users.get_by_role("button", name="Apply filter").click()
    expect(users.get_by_role("link", name="Edit filter: City is any of Oslo")).to_be_visible()


def test_a_value_that_does_not_fit_keeps_the_builder_open(users, page_problems):
    users.get_by_role("link", name="Add filter").click()
    users.get_by_role("dialog", name="Filter").get_by_role("link", name="Chats", exact=True).click()
    users.get_by_role("button", name="Apply filter").click()
    expect(users.get_by_role("dialog", name="Filter").get_by_role("alert")).to_contain_text("takes 1 value")
    page_problems.clear()


def test_a_filter_is_edited_and_removed_at_its_chip(users):
    users.goto("/users?f=lastSeen:in_last:7%20days&f=default_city:is:Oslo")
    users.get_by_role("link", name="Edit filter: Last seen is in the last 7 days").click()
    users.get_by_role("button", name="24 hours").click()
    users.get_by_role("button", name="Apply filter").click()
    expect(users.get_by_role("link", name="Edit filter: Last seen is in the last 24 hours")).to_be_visible()
    users.get_by_role("link", name="Remove filter: City is Oslo").click()
    expect(users.get_by_role("link", name="Remove filter: City is Oslo")).to_have_count(0)
    assert users.url.endswith("/users?f=lastSeen:in_last:24%20hours")


def test_the_view_is_copied_as_a_link(users, live_server_url):
    users.context.grant_permissions(["clipboard-read", "clipboard-write"])
    users.goto("/users?f=default_city:is:Oslo")
    users.get_by_role("button", name="Share view").click()
    expect(users.get_by_role("button", name="Copied")).to_be_visible()
    columns = "default_email,lastSeen,createdAt,default_location,chats,segment"
    shared = f"{live_server_url}/users?f=default_city:is:Oslo&columns={columns}"
    assert users.evaluate("navigator.clipboard.readText()") == shared


def test_theme_and_sidebar_stay_after_a_reload(users):
    users.get_by_role("button", name="Dark mode").click()
    users.get_by_role("button", name="Fold the sidebar").click()
    users.reload()
    expect(users.locator("html")).to_have_attribute("data-theme", "dark")
    expect(users.locator("html")).to_have_css("color-scheme", "dark")
    expect(users.locator("html")).to_have_attribute("data-side", "icons")


def test_a_broken_filter_offers_the_fix(users, page_problems):
    users.goto("/users?f=defualt_city:is:Oslo")
    expect(users.get_by_text("so nobody is listed")).to_be_visible()
    assert rows(users) == []
    users.get_by_role("link", name="Use City instead").click()
    expect(users.get_by_text("30 of 60 people")).to_be_visible()
    page_problems.clear()


def test_all_of_everybody_is_confirmed_before_it_is_downloaded(users):
    users.get_by_role("link", name="Export all").click()
    dialog = users.get_by_role("dialog", name="Export 60 people?")
    with users.expect_download() as download:
        dialog.get_by_label("Your password").fill(PASSWORD)
        dialog.get_by_role("button", name="Download").click()
    assert download.value.path().read_bytes().count(b"\r\n") == 61
    expect(dialog).to_be_hidden()


def test_hostile_names_run_nowhere(users, workspace):
    name = "<img src=x onerror=\"document.title='owned'\">"
    values = {"default_name": name, "default_city": name, "default_source": name}
    evil = Person(user_id="evil", attributes=values, last_seen=now(), created_at=now())
    commit(workspace.pk, "test", lambda tx: create_people(tx, [evil]))
    create(workspace, name, "test")
    users.reload()
    expect(users.locator(".who bdi").first).to_have_text(name)
    users.get_by_role("link", name="Add filter").click()
    users.get_by_role("link", name="City", exact=True).click()
    users.get_by_label("Rule").select_option("any_of")
    users.locator("#suggestions").get_by_role("checkbox", name=name).check()
    users.get_by_role("button", name="Apply filter").click()
    expect(users.get_by_text("1 of 61 people")).to_be_visible()
    users.get_by_role("checkbox", name="Select all 1 on this page").check()
    bar(users).get_by_role("button", name="Save to Segment").click()
    users.get_by_role("dialog").get_by_role("checkbox", name=name).check()
    expect(users.get_by_text("Adds 1 person")).to_be_visible()
    assert users.title() == "Users · Coterie"


@pytest.fixture
def plain(browser: Browser, live_server_url, sign_in, owner, people, page_problems):
    """The Users page in a browser without JavaScript."""
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    watch(page, page_problems)
    sign_in(page, owner)
    page.goto("/users")
    yield page
    context.close()
    assert not page_problems


def test_without_script_filters_are_built_with_links_and_forms(plain):
    plain.get_by_role("link", name="Add filter").click()
    plain.get_by_role("link", name="City", exact=True).click()
    plain.get_by_label("Rule").select_option("any_of")
    plain.get_by_role("button", name="Use this rule").click()
    plain.get_by_role("checkbox", name="Oslo").check()
    plain.get_by_role("textbox", name="City").fill("Lima")
    plain.get_by_role("button", name="Apply filter").click()
    assert plain.url.endswith("/users?f=default_city:any_of:Oslo|Lima")
    plain.get_by_label("Sort by").select_option("createdAt")
    plain.get_by_role("button", name="Sort").click()
    assert rows(plain)[0] == "Person 59"


def test_without_script_people_are_saved_to_a_new_segment(plain, workspace):
    plain.get_by_role("checkbox", name="Select Person 03").check()
    plain.get_by_role("checkbox", name="Select Person 04").check()
    plain.get_by_role("button", name="Save to Segment").click()
    plain.get_by_label("Create new segment").fill("By hand")
    plain.get_by_role("button", name="Confirm").click()
    expect(plain.get_by_text("2 people added to By hand.")).to_be_visible()
    assert sizes(workspace, [segments_of(workspace)[0].id]) == {segments_of(workspace)[0].id: 2}


def test_on_a_phone_people_are_cards_inside_the_window(users):
    users.set_viewport_size({"width": 390, "height": 844})
    first = users.locator("tbody tr").first.bounding_box()
    assert first["width"] <= 390
    assert first["height"] > 60
    assert users.evaluate("document.documentElement.scrollWidth") <= 390
    users.get_by_role("checkbox", name="Select Person 00").check()
    expect(bar(users)).to_be_visible()
    users.get_by_role("link", name="Add filter").click()
    users.get_by_role("link", name="City", exact=True).click()
    expect(users.get_by_role("textbox", name="City")).to_be_visible()


PAGES = {
    "users": "/users",
    "filtered": "/users?f=default_city:is:Oslo&f=lastSeen:in_last:7%20days",
    "nobody": "/users?f=default_city:is:Paris",
    "refused": "/users?f=nonsense:is:1",
    "notice": "/users?sort=nonsense",
    "filter": "/users/filter?attribute=default_city",
    "time": "/users/filter?attribute=lastSeen",
    "export": "/users/export/confirm",
    "segments": "/segments",
    "create": "/segments/new",
    "logout": "/logout",
}


@pytest.mark.parametrize("width", [1440, 390])
def test_pages_can_be_used_by_everybody(users, axe, page_problems, width):
    users.set_viewport_size({"width": width, "height": 900})
    for name, address in PAGES.items():
        users.goto(address)
        assert (name, axe(users)) == (name, [])
    users.goto("/users")
    users.get_by_role("checkbox", name="Select Person 00").check()
    bar(users).get_by_role("button", name="Save to Segment").click()
    users.get_by_role("checkbox", name="Early birds").check()
    expect(users.get_by_text("already in it")).to_be_visible()
    assert axe(users) == []
    users.keyboard.press("Escape")
    users.get_by_role("button", name="Clear the selection").click()
    users.get_by_role("link", name="Add filter").click()
    users.get_by_role("link", name="City", exact=True).click()
    expect(users.get_by_role("textbox", name="City")).to_be_visible()
    assert axe(users) == []
    page_problems.clear()


def test_the_door_and_the_empty_page_can_be_used_by_everybody(page, sign_in, owner, axe):
    page.goto("/users?f=default_city:is:Oslo")
    assert axe(page) == []
    sign_in(page, owner)
    page.goto("/users")
    expect(page.get_by_text("Nobody here yet")).to_be_visible()
    assert axe(page) == []


def test_new_people_are_offered_and_never_pushed_into_the_list(users, workspace):
    before = rows(users)
    fresh = Person(user_id="fresh", attributes={"default_name": "Maya Ortiz"}, last_seen=now(), created_at=now())
    commit(workspace.pk, "test", lambda tx: create_people(tx, [fresh]))
    expect(users.get_by_role("link", name="1 new person Show")).to_be_visible()
    assert rows(users) == before
    users.get_by_role("link", name="1 new person Show").click()
    expect(users.locator(".who bdi").first).to_have_text("Maya Ortiz")
    expect(users.locator("#people-total")).to_have_text("61 people")
