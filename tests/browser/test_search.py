"""The search box in a real browser."""

import datetime as dt

import pytest
from playwright.sync_api import Browser, Page, expect

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person
from coterie.segments.catalogue import segments_of
from coterie.segments.membership import sizes
from tests.browser.conftest import watch

NAMES = ["Ada King", "Adam 50%", "Luz", "50 Cent", *(f"Person {number:02}" for number in range(56))]


@pytest.fixture
def people(workspace) -> None:
    moment = now()
    made = [
        Person(
            user_id=f"s{number}",
            attributes={"default_name": name, "default_city": "Oslo" if number % 2 else "Lima"},
            last_seen=moment - dt.timedelta(minutes=number + 2),
            created_at=moment - dt.timedelta(days=number),
        )
        for number, name in enumerate(NAMES)
    ]
    commit(workspace.pk, "test", lambda tx: create_people(tx, made))


@pytest.fixture
def users(page, sign_in, owner, people) -> Page:
    sign_in(page, owner)
    page.goto("/users")
    return page


def box(page: Page):
    return page.get_by_role("searchbox", name="Search users")


def expect_rows(page: Page, names: list[str]) -> None:
    expect(page.locator(".who bdi")).to_have_text(names)


def total(page: Page):
    return page.locator("#people-count")


@pytest.mark.every_database
def test_typing_narrows_the_list_and_the_address_without_a_new_page(users):
    length = users.evaluate("history.length")
    users.keyboard.press("/")
    expect(box(users)).to_be_focused()
    users.keyboard.type("ada", delay=30)
    expect_rows(users, ["Ada King", "Adam 50%"])
    expect(total(users)).to_have_text("2 of 60 people")
    assert users.url.endswith("/users?search=ada")
    users.keyboard.type(" k")
    expect_rows(users, ["Ada King"])
    expect(box(users)).to_be_focused()
    expect(box(users)).to_have_value("ada k")
    assert users.evaluate("document.activeElement.selectionStart") == 5
    assert users.url.endswith("/users?search=ada%20k")
    assert users.evaluate("history.length") == length


def test_the_caret_stays_where_it_is(users):
    box(users).fill("aa")
    expect(users.get_by_text("Nobody found for “aa”")).to_be_visible()
    users.keyboard.press("ArrowLeft")
    users.keyboard.type("d")
    expect_rows(users, ["Ada King", "Adam 50%"])
    assert users.evaluate("document.activeElement.selectionStart") == 2
    expect(box(users)).to_have_value("ada")


def test_clearing_it_shows_everybody(users):
    box(users).fill("50%")
    expect_rows(users, ["Adam 50%"])
    box(users).fill("")
    expect(total(users)).to_have_text("60 people")
    assert users.url.endswith("/users?match=all")


def test_filters_and_search_narrow_together_and_keep_each_other(users):
    users.goto("/users?f=default_city:is:Oslo&sort=createdAt")
    box(users).fill("ad")
    expect_rows(users, ["Adam 50%"])
    assert users.url.endswith("/users?search=ad&f=default_city:is:Oslo&sort=createdAt")
    users.get_by_role("link", name="Remove filter: City is Oslo").click()
    expect_rows(users, ["Adam 50%", "Ada King"])
    expect(box(users)).to_have_value("ad")
    assert users.url.endswith("/users?search=ad&sort=createdAt")
    users.get_by_label("Sort by").select_option("default_name")
    expect_rows(users, ["Ada King", "Adam 50%"])
    expect(box(users)).to_have_value("ad")
    # What is added afterwards is searched for as well.
    users.get_by_role("link", name="Add filter").click()
    users.get_by_role("link", name="City", exact=True).click()
    users.get_by_role("textbox", name="City").fill("lima")
    users.keyboard.press("Enter")
    expect_rows(users, ["Ada King"])
    box(users).fill("luz")
    expect_rows(users, ["Luz"])
    assert "f=default_city:is:lima" in users.url


def test_from_a_later_page_a_search_begins_at_the_first(users):
    users.get_by_role("link", name="Next").click()
    expect(users.get_by_text("Showing 51–60 of 60")).to_be_visible()
    box(users).fill("person 0")
    expect(total(users)).to_have_text("10 of 60 people")
    assert "after=" not in users.url


def test_going_back_leads_to_the_list_as_it_was(users):
    users.goto("/segments")
    users.get_by_role("link", name="Users").first.click()
    box(users).fill("ada")
    expect_rows(users, ["Ada King", "Adam 50%"])
    users.get_by_role("link", name="Ada King").click()
    expect(users.get_by_role("heading", name="Ada King", level=1)).to_be_visible()
    users.go_back()
    expect_rows(users, ["Ada King", "Adam 50%"])
    expect(box(users)).to_have_value("ada")
    expect(total(users)).to_have_text("2 of 60 people")
    users.go_back()
    expect(users.get_by_role("heading", name="Segments", level=1)).to_be_visible()


def test_all_who_are_found_are_those_that_are_saved(users, workspace):
    box(users).fill("person")
    expect(total(users)).to_have_text("56 of 60 people")
    bar = users.get_by_role("region", name="Selected users")
    users.get_by_role("checkbox", name="Select all 50 on this page").check()
    bar.get_by_role("button", name="Select all 56 matching").click()
    bar.get_by_role("button", name="Save to Segment").click()
    users.get_by_role("searchbox", name="Find or name a segment").fill("Found")
    users.get_by_role("button", name="Create new segment “Found”").click()
    users.get_by_role("button", name="Confirm").click()
    expect(users.get_by_text("56 people added to Found.")).to_be_visible()
    assert sizes(workspace, [segments_of(workspace)[0].id]) == {segments_of(workspace)[0].id: 56}


def test_nobody_found_offers_the_way_back(users):
    users.goto("/users?f=default_city:is:Oslo")
    box(users).fill("luz")
    expect(users.get_by_text("Nobody found for “luz”")).to_be_visible()
    users.get_by_role("link", name="Search everybody").click()
    expect_rows(users, ["Luz"])


def test_the_last_of_quick_changes_is_what_is_shown(users):
    for text in ("p", "pe", "per", "pers", "ada", "adam", "luz", "ada k"):
        box(users).fill(text)
        users.wait_for_timeout(60)
    expect_rows(users, ["Ada King"])
    users.wait_for_timeout(500)
    expect_rows(users, ["Ada King"])
    assert users.url.endswith("search=ada%20k")


def test_without_script_it_is_a_form(browser: Browser, live_server_url, sign_in, owner, people, page_problems):
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    watch(page, page_problems)
    sign_in(page, owner)
    page.goto("/users?f=default_city:is:Oslo&sort=createdAt&columns=default_email")
    box(page).fill("ad")
    page.get_by_role("button", name="Search").click()
    expect_rows(page, ["Adam 50%"])
    assert page.url.endswith("/users?search=ad&f=default_city:is:Oslo&sort=createdAt&columns=default_email")
    page.get_by_label("Sort by").select_option("default_name")
    page.get_by_role("button", name="Sort").click()
    assert page.url.endswith("/users?search=ad&f=default_city:is:Oslo&sort=default_name&columns=default_email")
    box(page).fill("")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Showing 1–30 of 30")).to_be_visible()
    context.close()
