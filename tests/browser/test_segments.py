"""Segments in a real browser: saved from the list, followed, renamed, removed, brought back; phones, accessibility."""

import re

import pytest
from playwright.sync_api import Page, expect

from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.segments.catalogue import create
from coterie.segments.rules import create_rule
from coterie.segments.settle import settle
from coterie.segments.trash import remove
from tests.makers import make_person

OSLO = View(children=(Condition("default_city", "is", ("Oslo",)),))
HOSTILE = "<img src=x onerror=alert(1)> مرحبا 🦊"


@pytest.fixture
def users(page, sign_in, editor, workspace) -> Page:
    """The Users page with the people of Oslo, open."""
    for name, city in (("Ada", "Oslo"), ("Bob", "Lima")):
        make_person(workspace, default_name=name, default_city=city)
    sign_in(page, editor)
    page.goto(f"/users?{OSLO.query}")
    return page


def said(page: Page):
    return page.locator("#toasts")


@pytest.mark.every_database
def test_a_list_becomes_a_live_segment_that_is_followed_renamed_removed_and_brought_back(users, workspace):
    users.get_by_role("link", name="Save as segment").click()
    dialog = users.get_by_role("dialog", name="Save as segment")
    expect(dialog.get_by_label("Name")).to_be_focused()
    expect(dialog.get_by_label("Name")).to_have_value("City is Oslo")
    users.keyboard.type(HOSTILE)
    dialog.get_by_role("button", name="Create").click()
    expect(said(users)).to_contain_text(f"Segment “{HOSTILE}” created.")
    expect(dialog).to_be_hidden()
    assert OSLO.query in users.url
    settle(workspace)
    make_person(workspace, default_name="Cid", default_city="Oslo")
    settle(workspace)
    users.get_by_role("link", name="Segments", exact=False).first.click()
    row = users.get_by_role("row", name=re.compile("City is Oslo"))
    expect(row.locator(".at-people")).to_have_text("2")
    expect(row.locator(".at-change")).to_contain_text("+2")
    row.get_by_role("link", name=re.compile("^Edit")).click()
    dialog = users.get_by_role("dialog", name=re.compile("^Edit"))
    dialog.get_by_label("Name").fill("Northern")
    dialog.get_by_role("button", name="Save").click()
    expect(said(users)).to_contain_text("is called “Northern” now.")
    users.get_by_role("button", name="Remove Northern").click()
    expect(said(users)).to_contain_text("Segment “Northern” removed.")
    expect(users.get_by_role("button", name="Restore Northern")).to_be_visible()
    said(users).get_by_role("button", name="Undo").last.click()
    expect(said(users)).to_contain_text("Segment “Northern” is back.")
    users.get_by_role("link", name="Show Northern in Users").click()
    expect(users.locator(".who bdi")).to_have_text(["Cid", "Ada"])


def test_a_name_that_is_taken_is_said_in_the_dialog(users, workspace, page_problems):
    create(workspace, "Friends", "test")
    users.get_by_role("link", name="Save as segment").click()
    dialog = users.get_by_role("dialog", name="Save as segment")
    dialog.get_by_text("Fixed list of the 1 person").click()
    dialog.get_by_label("Name").fill("friends")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is already a segment called “friends”.")
    dialog.get_by_label("Name").fill("Then")
    dialog.get_by_role("button", name="Create").click()
    expect(said(users)).to_contain_text("1 person added to Then.")
    page_problems.clear()


def test_everybody_can_use_the_pages(users, workspace, axe):
    base, gone = create(workspace, "Base", "test"), create(workspace, "Gone", "test")
    create_rule(workspace, HOSTILE, Condition("segment", "in", (base.public_id,)), "test")
    create_rule(workspace, "Oslo", OSLO.children[0], "test")
    for segment in (base, gone):
        remove(workspace, segment, "test")
    settle(workspace)
    users.get_by_role("link", name="Save as segment").click()
    expect(users.get_by_label("Name", exact=True)).to_be_focused()
    assert axe(users) == []
    users.goto("/segments")
    expect(users.get_by_text("needs a look")).to_be_visible()
    assert axe(users) == []
    users.get_by_role("link", name="Edit Oslo").click()
    expect(users.get_by_label("Name", exact=True)).to_be_focused()
    assert axe(users) == []
    users.get_by_role("link", name="Edit the rule in Users").click()
    expect(users.locator("#editing")).to_contain_text("Editing the rule of Oslo")
    expect(users.get_by_role("link", name="Update rule")).to_be_visible()
    users.get_by_role("link", name="Save as segment").click()
    users.get_by_text("Change the rule of a live segment instead").click()
    assert axe(users) == []
    users.get_by_role("dialog").get_by_role("link", name="Oslo", exact=True).click()
    expect(users.get_by_role("heading", name="0 people leave")).to_be_visible()
    assert axe(users) == []
    users.get_by_role("button", name="Update “Oslo”").click()
    expect(said(users)).to_contain_text("“Oslo” has another rule now.")


def test_on_a_phone_everything_fits(users, workspace):
    create_rule(workspace, f"{HOSTILE} that goes on for longer than a phone is wide", OSLO.children[0], "test")
    users.set_viewport_size({"width": 390, "height": 844})
    users.goto(f"/users?{OSLO.query}")
    users.get_by_role("link", name="Save as segment").click()
    expect(users.get_by_label("Name", exact=True)).to_be_focused()
    box = users.get_by_role("dialog", name="Save as segment").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] + box["height"] <= 844
    users.goto("/segments")
    assert users.evaluate("document.scrollingElement.scrollWidth") <= 390
    expect(users.get_by_role("button", name=re.compile("^Remove"))).to_be_in_viewport()
    users.get_by_role("searchbox", name="Search segments").fill("nothing like that")
    users.keyboard.press("Enter")
    expect(users.get_by_text("No segment is called that")).to_be_visible()
