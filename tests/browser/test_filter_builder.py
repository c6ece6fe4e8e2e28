"""The filter builder in a real browser: counts, suggestions, the histogram, groups, keyboard, phones, accessibility."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, Route, expect

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.attributes import catalogue_keys
from coterie.people.changes import create_people
from coterie.people.models import Person
from tests.browser.conftest import wait_until


@pytest.fixture
def people(workspace) -> list[Person]:
    """60 people in Oslo and Lima, seen on the last sixty days; every third speaks English."""
    moment = now()
    made = [
        Person(
            user_id=f"b{number}",
            attributes={
                "default_name": f"Person {number:02}",
                "default_city": "Oslo" if number % 2 else "Lima",
                "default_language": "English" if number % 3 == 0 else "Polish",
                "vip": number % 5 == 0,
                "it's % “5|6:7”": "שלום 🔑",
            },
            last_seen=moment - dt.timedelta(days=number, minutes=2),
            created_at=moment - dt.timedelta(days=number + 1),
            chats=number % 4,
        )
        for number in range(60)
    ]
    catalogue_keys(workspace.pk, [person.attributes for person in made])
    commit(workspace.pk, "test", lambda tx: create_people(tx, made))
    return made


@pytest.fixture
def users(page, sign_in, owner, people) -> Page:
    """The Users page, open."""
    sign_in(page, owner)
    page.goto("/users")
    return page


def pop(page: Page):
    return page.get_by_role("dialog", name="Filter")


def add(page: Page, attribute: str) -> None:
    page.get_by_role("link", name="Add filter", exact=True).click()
    choose(page, attribute)


def choose(page: Page, attribute: str) -> None:
    pop(page).get_by_role("link", name=attribute, exact=True).click()


def pick(page: Page, value: str) -> None:
    """Chooses one of the suggested values."""
    pop(page).locator(f'#suggestions input[value="{value}"]').check()


def count(page: Page):
    return page.locator("#filter-count")


def until_held(page: Page, held: list[Route]) -> None:
    """Waits until the count and the values are asked for."""
    wait_until(page, lambda: len(held) == 2)


def test_the_builder_says_the_number_and_the_words_before_it_is_applied(users):
    add(users, "City")
    expect(count(users)).to_have_text("60 people")
    pick(users, "Lima")
    expect(count(users)).to_have_text("30 of 60 people")
    expect(users.locator("#filter-said")).to_have_text("City is Lima")
    expect(users.locator("#suggestions .num")).to_have_text(["30", "30"])


def test_only_the_newest_question_is_answered(users):
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "typed=Os&" in route.request.url:
            held.append(route)
        else:
            route.continue_()

    users.route(re.compile("/users/filter/(count|values)"), hold)
    add(users, "City")
    box = users.get_by_role("textbox", name="City")
    box.fill("Os")
    until_held(users, held)
    box.fill("Oslo")
    expect(count(users)).to_have_text("30 of 60 people")
    for route in held:
        route.fulfill(body="<b>stale</b>")
    users.wait_for_timeout(200)
    expect(count(users)).to_have_text("30 of 60 people")
    expect(users.locator("#suggestions .num")).to_have_text(["30"])


def test_nothing_jumps_while_numbers_are_on_their_way(users):
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    users.route(re.compile("/users/filter/(count|values)"), hold)
    add(users, "Last seen")
    expect(users.locator("#filter-picture .ghost").first).to_be_visible()
    before = users.locator("#filter-picture small").bounding_box()
    footer = pop(users).locator("footer").bounding_box()
    until_held(users, held)
    for route in held:
        route.continue_()
    expect(users.locator("#filter-picture svg[role=img]")).to_be_visible()
    assert users.locator("#filter-picture small").bounding_box()["y"] == pytest.approx(before["y"], abs=2)
    assert pop(users).locator("footer").bounding_box() == footer


def test_the_histogram_follows_the_amount(users):
    add(users, "Last seen")
    picture = users.locator("#filter-picture svg[role=img]")
    expect(picture).to_have_attribute("aria-label", re.compile("the filter chooses 30"))
    users.get_by_role("button", name="7 days").click()
    expect(picture).to_have_attribute("aria-label", re.compile("the filter chooses 7"))
    expect(count(users)).to_have_text("7 of 60 people")
    expect(users.locator("#filter-picture small")).to_contain_text("Since ")
    users.get_by_label("Rule").select_option("before")
    users.locator("input[type=date]").fill("2020-01-01")
    expect(picture).to_have_attribute("aria-label", re.compile("the filter chooses 0"))


def test_numbers_and_yes_or_no_have_values_to_see(users):
    add(users, "Chats")
    pick(users, "3")
    expect(count(users)).to_have_text("15 of 60 people")
    choose(users, "vip")
    expect(users.locator("#suggestions .fact")).to_have_text([re.compile("false\\s*48"), re.compile("true\\s*12")])
    pop(users).get_by_role("button", name="Apply filter").click()
    expect(users.get_by_role("link", name="Edit filter: vip is true")).to_be_visible()


def test_attributes_are_found_by_label_key_and_group(users):
    users.keyboard.press("f")
    for wanted in ("default_city", "city", "LOCATION"):
        users.get_by_role("searchbox", name="Find an attribute").fill("")
        expect(pop(users).get_by_role("link", name="Email", exact=True)).to_be_visible()
        users.get_by_role("searchbox", name="Find an attribute").fill(wanted)
        expect(pop(users).get_by_role("link", name="City", exact=True), wanted).to_be_visible()
        expect(pop(users).get_by_role("link", name="Email", exact=True), wanted).to_be_hidden()


def test_a_value_of_any_signs_filters_to_the_letter(users):
    add(users, "it's % “5|6:7”")
    pick(users, "שלום 🔑")
    pop(users).get_by_role("button", name="Apply filter").click()
    expect(users.locator("#people-count")).to_contain_text("60 of 60 people")
    users.get_by_role("link", name="Edit filter: it's % “5|6:7” is שלום 🔑").click()
    expect(pop(users).get_by_role("radio", name="שלום 🔑")).to_be_checked()


def test_a_group_is_made_filled_turned_and_removed(users):
    users.goto("/users?f=default_city:is:Oslo")
    users.get_by_role("link", name="Add group").click()
    choose(users, "Language")
    pick(users, "English")
    pop(users).get_by_role("button", name="Apply filter").click()
    group = users.locator(".chip-group")
    expect(group).to_have_count(1)
    expect(users.locator("#people-count")).to_contain_text("10 of 60 people")
    group.get_by_role("link", name="Add a filter to the group").click()
    choose(users, "Chats")
    pick(users, "1")
    pop(users).get_by_role("button", name="Apply filter").click()
    expect(users.locator("#people-count")).to_contain_text("20 of 60 people")
    expect(users.locator(".filterbar .sentence")).to_have_text(
        "People where City is Oslo and (Language is English or Chats is 1)."
    )
    group.locator("summary").click()
    group.get_by_role("link", name="none of").click()
    expect(users.locator("#people-count")).to_contain_text("10 of 60 people")
    users.get_by_role("link", name="Edit filter: Chats is 1").click()
    pick(users, "3")
    pop(users).get_by_role("button", name="Apply filter").click()
    expect(group.get_by_role("link", name="Edit filter: Chats is 3")).to_be_visible()
    group.get_by_role("link", name="Remove filter: Chats is 3").click()
    expect(group).to_contain_text("none of")
    group.get_by_role("link", name="Remove group").click()
    expect(group).to_have_count(0)
    expect(users.locator("#people-count")).to_contain_text("30 of 60 people")


def test_the_mode_of_a_group_is_a_menu_for_the_keyboard(users):
    users.goto(GROUPED)
    summary = users.locator(".chip-group summary")
    summary.focus()
    users.keyboard.press("Enter")
    expect(users.get_by_role("link", name="all of", exact=True)).to_be_visible()
    users.keyboard.press("Escape")
    expect(users.get_by_role("link", name="all of", exact=True)).to_be_hidden()
    expect(summary).to_be_focused()
    users.keyboard.press("Enter")
    users.locator("#title").click()
    expect(users.get_by_role("link", name="all of", exact=True)).to_be_hidden()
    summary.focus()
    users.keyboard.press("Enter")
    users.keyboard.press("Tab")
    users.keyboard.press("Enter")
    expect(summary).to_contain_text("all of")


def test_the_keyboard_alone_builds_a_filter_of_several_values(users):
    users.keyboard.press("f")
    expect(users.get_by_role("searchbox", name="Find an attribute")).to_be_focused()
    users.keyboard.type("city")
    users.keyboard.press("Enter")
    expect(users.get_by_role("textbox", name="City")).to_be_focused()
    users.get_by_label("Rule").select_option("any_of")
    expect(users.locator("#suggestions input[type=checkbox]")).to_have_count(2)
    expect(users.get_by_role("textbox", name="City")).to_be_focused()
    users.keyboard.type("lima")
    users.keyboard.press("Enter")
    users.keyboard.type("Oslo")
    users.keyboard.press("Enter")
    expect(users.locator(".token")).to_have_text(["Lima", "Oslo"])
    expect(count(users)).to_have_text("60 of 60 people")
    users.keyboard.press("Backspace")
    expect(users.locator(".token")).to_have_text(["Lima"])
    expect(count(users)).to_have_text("30 of 60 people")
    users.keyboard.press("Enter")
    expect(users.get_by_role("link", name="Edit filter: City is any of Lima")).to_be_visible()


GROUPED = (
    "/users?q=%7B%22all%22%3A%5B%7B%22attribute%22%3A%22default_city%22%2C%22rule%22%3A%22is%22%2C%22values%22%3A%5B%22Oslo"
    "%22%5D%7D%2C%7B%22any%22%3A%5B%7B%22attribute%22%3A%22default_language%22%2C%22rule%22%3A%22is%22%2C%22values%22%3A%5B"
    "%22English%22%5D%7D%2C%7B%22attribute%22%3A%22chats%22%2C%22rule%22%3A%22eq%22%2C%22values%22%3A%5B%221%22%5D%7D%5D%7D"
    "%5D%7D"
)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_builder_can_be_used_by_everybody(users, axe, width):
    users.emulate_media(reduced_motion="reduce")
    users.set_viewport_size({"width": width, "height": 900})
    users.goto(GROUPED)
    assert axe(users) == []
    users.locator(".chip-group summary").click()
    assert axe(users) == []
    assert users.evaluate("document.documentElement.scrollWidth") <= width
    users.keyboard.press("Escape")
    for attribute in ("Last seen", "City", "Chats", "vip"):
        users.get_by_role("link", name="Add filter", exact=True).click()
        choose(users, attribute)
        expect(users.locator("#filter-pop .ghost")).to_have_count(0)
        assert (attribute, axe(users)) == (attribute, [])
        users.keyboard.press("Escape")
