"""The tutorial of the product's help, start to end, in a real browser."""

import csv
import datetime as dt
import random
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person

NAME = "Monthly Newsletter US ENG"
PLACES = [("Austin", "Texas", "United States"), ("Boston", "Massachusetts", "United States"), ("Toronto", "", "Canada")]


@pytest.fixture
def people(workspace) -> list[Person]:
    """130 people; those in the United States who speak English are more than one page."""
    dice, moment = random.Random(7), now()
    made = []
    for number in range(130):
        city, region, country = PLACES[number % 3] if number % 4 else PLACES[0]
        attributes = {
            "default_name": f"Person {number}",
            "default_email": f"person{number}@mail.example",
            "default_city": city,
            "default_country": country,
            "default_language": "Spanish" if number % 7 == 0 else "English",
            "default_source": "Chat Widget",
        } | ({"default_region": region} if region else {})
        seen = moment - dt.timedelta(minutes=dice.randrange(90_000))
        made.append(
            Person(user_id=f"t{number}", attributes=attributes, last_seen=seen, created_at=seen - dt.timedelta(days=9))
        )
    commit(workspace.pk, "test", lambda tx: create_people(tx, made))
    return made


def wanted(people: list[Person]) -> set[str]:
    """Names of those in the United States who speak English."""
    return {
        person.attributes["default_name"]
        for person in people
        if (person.attributes["default_country"], person.attributes["default_language"]) == ("United States", "English")
    }


def add_filter(page: Page, label: str, value: str) -> None:
    page.get_by_role("link", name="Add filter").click()
    page.get_by_role("searchbox", name="Find an attribute").fill(label)
    page.get_by_role("dialog", name="Filter").get_by_role("link", name=label, exact=True).click()
    expect(page.get_by_label("Rule")).to_have_value("is")
    page.get_by_role("dialog", name="Filter").get_by_role("textbox", name=label).fill(value)
    page.get_by_role("button", name="Apply filter").click()
    expect(page.get_by_role("link", name=f"Edit filter: {label} is {value}")).to_be_visible()


def names_in(path: Path) -> set[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["Name"] for row in csv.DictReader(file)}


@pytest.mark.every_database
def test_filter_save_to_a_segment_and_export(page, login, owner, people, tmp_path):
    expected = wanted(people)
    assert 50 < len(expected) < len(people)

    login(page, owner)
    page.get_by_role("link", name="Users", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="130 people")).to_be_visible()

    add_filter(page, "Country", "United States")
    add_filter(page, "Language", "English")
    expect(page.get_by_text(f"{len(expected)} of 130 people")).to_be_visible()

    page.locator("#side-nav").get_by_role("link", name="Segments").click()
    page.get_by_role("link", name="Create segment").click()
    page.get_by_label("Name").fill(NAME)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text(f"Segment {NAME} created.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text(f"{len(expected)} of 130 people")).to_be_visible()

    page.get_by_role("checkbox", name="Select all 50 on this page").check()
    page.get_by_role("button", name=f"Select all {len(expected)} matching").click()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Save to Segment").click()
    dialog = page.get_by_role("dialog", name=f"Save {len(expected)} people to segments")
    dialog.get_by_role("checkbox", name=NAME).check()
    expect(dialog.get_by_text(f"Adds {len(expected)} people")).to_be_visible()
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text(f"{len(expected)} people added to {NAME}.")).to_be_visible()

    page.get_by_role("checkbox", name="Select all 50 on this page").check()
    page.get_by_role("button", name=f"Select all {len(expected)} matching").click()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Export selected users").click()
    with page.expect_download() as selected:
        page.get_by_role("button", name="Download").click()
    selected.value.save_as(tmp_path / "selected.csv")
    assert selected.value.suggested_filename.startswith("users-")
    assert names_in(tmp_path / "selected.csv") == expected

    page.locator("#side-nav").get_by_role("link", name="Segments").click()
    page.get_by_role("link", name=f"Export {NAME}").click()
    with page.expect_download() as whole:
        page.get_by_role("button", name="Download").click()
    whole.value.save_as(tmp_path / "segment.csv")
    assert names_in(tmp_path / "segment.csv") == expected


@pytest.mark.every_database
def test_a_link_to_a_view_asks_to_log_in_and_then_shows_it(page, login, owner, people, page_problems):
    page.goto("/users?f=default_country:is:United%20States&f=default_language:is:English")
    expect(page.get_by_text("Users where Country is United States and Language is English.")).to_be_visible()
    page.get_by_label("Email").fill(owner.email)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("E-mail and password don’t match.")).to_be_visible()
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text(f"{len(wanted(people))} of 130 people")).to_be_visible()
    assert urlsplit(page.url).query == "f=default_country:is:United%20States&f=default_language:is:English"
