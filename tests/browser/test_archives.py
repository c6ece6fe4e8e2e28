"""The Archives in a browser: chat by chat, filters, hits, keys, narrow screens."""

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from coterie.chats.models import Message
from coterie.core.clock import now
from tests.chats.talking import talk


@pytest.fixture
def chats(workspace):
    """Three chats of today, the newest first."""
    moment, hour = now() - dt.timedelta(minutes=1), dt.timedelta(hours=1)
    buttons = {"message": "Which one?", "payload": {"buttons": [{"title": "A", "payload": "a"}]}}
    return [
        talk(
            workspace, "where is my order", buttons, "A", "Your order left", "<script>alert(1)</script>",
            at=moment, who="u0", story="Order help", attributes={"default_name": "Maya Ortiz"},
            session_attributes={"plan": "pro"},
        ),
        talk(workspace, "opening hours?", at=moment - hour, who="u1", attributes={"default_name": "Omar"}),
        talk(workspace, "an order please", at=moment - hour * 2, who="u2", attributes={"default_name": "Lin"}),
    ]  # fmt: skip


@pytest.fixture
def opened(page, sign_in, editor, chats):
    sign_in(page, editor)
    page.goto("/archives")
    return page


def test_a_chat_opens_beside_the_list_which_stays_where_it_is(opened, chats):
    opened.evaluate("window.kept = document.querySelector('#chats')")
    opened.get_by_role("link", name="Maya Ortiz").click()
    expect(opened.locator("#chat-title")).to_have_text("Order help")
    assert opened.evaluate("window.kept === document.querySelector('#chats')")
    expect(opened.locator("#chats [aria-current]")).to_contain_text("Maya Ortiz")
    assert f"/archives/{chats[0].public_id}" in opened.url
    opened.get_by_role("link", name="Omar").click()
    expect(opened.locator(".transcript")).to_contain_text("opening hours?")
    expect(opened.locator("#chats [aria-current]")).to_have_count(1)
    opened.go_back()
    expect(opened.locator("#chat-title")).to_have_text("Order help")


def test_keys_lead_through_the_archives(page, sign_in, editor, chats):
    sign_in(page, editor)
    page.goto("/users")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/archives")
    expect(page.locator("#chats a")).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(page.locator("#chats a:focus")).to_contain_text("Omar")
    page.keyboard.press("Enter")
    expect(page.locator(".transcript")).to_contain_text("opening hours?")
    page.keyboard.press("/")
    page.keyboard.type("order")
    page.keyboard.press("Enter")
    page.wait_for_url("**/archives?q=order")
    expect(page.locator("#chats a")).to_have_count(2)


@pytest.mark.every_database
def test_hits_are_marked_and_walked_through(opened):
    opened.locator("#search").fill("order")
    opened.locator("#search").press("Enter")
    expect(opened.locator("#chats mark")).to_have_count(2)
    opened.get_by_role("link", name="Maya Ortiz").click()
    expect(opened.locator(".hits")).to_contain_text("1 of 2")
    opened.get_by_role("button", name="Next match").click()
    expect(opened.locator(".hits")).to_contain_text("2 of 2")
    opened.get_by_role("button", name="Next match").click()
    expect(opened.locator(".hits")).to_contain_text("1 of 2")


@pytest.mark.every_database
def test_filters_open_at_their_chip_and_are_taken_out_again(opened):
    opened.get_by_role("button", name="Date").click()
    expect(opened.locator("#archive-date")).to_be_visible()
    opened.get_by_role("link", name="last 7 days").click()
    opened.wait_for_url("**/archives?date=7d")
    opened.get_by_role("button", name="User").click()
    opened.get_by_label("Name, email or ID").fill("omar")
    opened.keyboard.press("Enter")
    opened.wait_for_url("**/archives?date=7d&user=omar")
    expect(opened.locator("#chats a")).to_have_count(1)
    opened.get_by_role("link", name=re.compile("Remove filter: User")).click()
    expect(opened.locator("#chats a")).to_have_count(3)


def test_actions_are_hidden_and_shown_and_the_session_is_json_too(opened):
    opened.set_viewport_size({"width": 1440, "height": 900})
    opened.get_by_role("link", name="Maya Ortiz").click()
    collected = opened.locator(".event", has_text="plan")
    expect(collected).to_be_visible()
    opened.get_by_label("Show actions").uncheck()
    expect(collected).to_be_hidden()
    expect(opened.locator(".json")).to_be_hidden()
    opened.get_by_text("JSON", exact=True).click()
    expect(opened.locator(".json")).to_contain_text('"plan": "pro"')
    expect(opened.locator(".choices .taken")).to_contain_text("A, pressed")


def test_a_link_to_a_message_shows_it(page, sign_in, editor, workspace):
    chat = talk(workspace, *[f"line {number}" for number in range(120)])
    message = Message.objects.get(workspace=workspace, chat_id=chat.id, text="line 80")
    sign_in(page, editor)
    page.goto(f"/archives/{chat.public_id}?message={message.public_id}#m-{message.public_id}")
    expect(page.locator(f"#m-{message.public_id}")).to_be_in_viewport()
    expect(page.locator("[data-aimed]")).to_contain_text("line 80")


def test_a_chat_is_downloaded(opened):
    opened.get_by_role("link", name="Maya Ortiz").click()
    opened.get_by_role("button", name="Export this chat").click()
    with opened.expect_download() as download:
        opened.get_by_role("menuitem", name="As text").click()
    assert "Maya Ortiz: where is my order" in download.value.path().read_text(encoding="utf-8")


def test_on_a_narrow_screen_there_is_one_at_a_time(opened):
    opened.set_viewport_size({"width": 390, "height": 844})
    expect(opened.locator("#reader")).to_be_hidden()
    opened.get_by_role("link", name="Maya Ortiz").click()
    expect(opened.locator(".finder")).to_be_hidden()
    expect(opened.locator("#chat-title")).to_be_focused()
    opened.locator(".about").click()
    expect(opened.locator(".aside")).to_be_visible()
    opened.locator(".about").click()
    opened.get_by_role("link", name="Back to the list").click()
    expect(opened.locator(".finder")).to_be_visible()
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1440, 390])
def test_the_archives_are_open_to_everybody(opened, chats, axe, width):
    opened.set_viewport_size({"width": width, "height": 900})
    for path in ("/archives", "/archives?q=nothing+here", f"/archives/{chats[0].public_id}?q=order"):
        opened.goto(path)
        assert axe(opened) == []
