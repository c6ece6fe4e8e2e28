"""Channels in a real browser: adding one, what arrived, trying again, no script, phones, accessibility."""

import json
import re
import time

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from coterie.channels import processing
from coterie.channels.kinds import Raw
from coterie.channels.models import Channel
from coterie.channels.raw import store
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.core.clock import now
from tests.channels.slack.conftest import delivery, message, signed

SECRET = "slack-secret"


@pytest.fixture
def slack_channel(workspace) -> Channel:
    """A Slack app with one message that arrived and one that could not be read."""
    channel = make(workspace, "test", KINDS["slack"], "Team <b>chat</b> مرحبا", {"signing_secret": SECRET})
    data = delivery(message("<img src=x onerror=alert(1)>", ts=f"{time.time():.0f}.000100"))
    store(channel, [Raw("Ev1", json.dumps(data), now(), "slack:T77:U31")])
    store(channel, [Raw("Ev2", json.dumps(data), now(), "slack:T77:U31", "The disk was full.")])
    processing.step()
    return channel


@pytest.mark.every_database
def test_a_slack_channel_is_added_and_its_first_message_appears(page: Page, sign_in, admin, workspace, live_server_url):
    sign_in(page, admin)
    page.goto("/users")
    page.keyboard.press("g")
    page.keyboard.press("c")
    # An empty Users page offers to add a channel, too.
    expect(page.get_by_role("heading", name="Channels", level=1)).to_be_visible()
    page.get_by_role("link", name="Add a channel").first.click()
    page.get_by_role("link", name="Add Slack").click()
    page.get_by_label("Signing secret").fill(SECRET)
    page.get_by_label("Signing secret").press("Enter")
    expect(page.get_by_role("heading", name="Slack", level=1)).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("“Slack” is ready.")
    address = re.search(r"/channels/slack/[\w-]+", page.locator(".copy pre").first.inner_text())[0]
    body = json.dumps(delivery(message(ts=f"{time.time():.0f}.000100"))).encode()
    assert httpx.post(live_server_url + address, content=body, headers=signed(body)).status_code == 200
    processing.step()
    # The page looks by itself now and then.
    expect(page.locator("#health")).to_contain_text("Works")
    page.get_by_role("link", name="Channels").first.click()
    expect(page.get_by_role("row").filter(has_text="Slack")).to_contain_text("Works")


def test_what_failed_is_tried_again(page: Page, sign_in, admin, slack_channel):
    sign_in(page, admin)
    page.goto("/channels")
    page.get_by_role("row").filter(has_text="Team").get_by_role("link").last.click()
    expect(page.locator("#events")).to_contain_text("The disk was full.")
    page.locator("#events summary").first.click()
    expect(page.locator("#events .raw").first).to_contain_text("<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Try again", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("1 event is tried again.")


def test_what_arrives_appears_by_itself_and_closes_nothing_that_is_being_read(
    page: Page, sign_in, admin, slack_channel
):
    sign_in(page, admin)
    page.goto(f"/channels/{slack_channel.public_id}")
    page.locator("#events summary").first.click()
    expect(page.locator("#events .raw:visible")).to_have_count(1)
    store(slack_channel, [Raw("Ev3", json.dumps(delivery({"type": "team_join"})), now())])
    processing.step()
    expect(page.locator("#events li").first).to_contain_text("team_join")
    expect(page.locator("#events .raw:visible")).to_have_count(1)
    expect(page.locator("#events li").nth(1).locator(".raw")).to_be_visible()


def test_it_works_without_javascript(browser: Browser, live_server_url, sign_in, admin, slack_channel):
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, admin)
    page.goto("/channels/new?kind=segment")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Write key", exact=True)).to_be_visible()
    page.goto(f"/channels/{slack_channel.public_id}/off")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("This channel is off.")).to_be_visible()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("link", name="Switch off")).to_be_visible()
    page.goto(f"/channels/{slack_channel.public_id}?show=failed")
    page.get_by_role("button", name="Try all again").click()
    expect(page.get_by_text("1 event is tried again.")).to_be_visible()
    context.close()


def test_a_channel_is_switched_off_and_on_again(page: Page, sign_in, admin, slack_channel):
    sign_in(page, admin)
    page.goto(f"/channels/{slack_channel.public_id}")
    page.get_by_role("link", name="Switch off").press("Enter")
    expect(page.get_by_role("heading", name="Switch off", level=1)).to_be_visible()
    page.get_by_role("button", name="Switch off").press("Enter")
    expect(page.get_by_text("This channel is off.")).to_be_visible()
    expect(page.locator("#health")).to_contain_text("Off")
    page.get_by_role("button", name="Switch on").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("is on again.")
    expect(page.get_by_text("This channel is off.")).to_have_count(0)


def test_on_a_phone_the_list_tells_how_each_channel_is_doing(page: Page, sign_in, admin, slack_channel):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, admin)
    page.goto("/channels")
    row = page.get_by_role("row").filter(has_text="Team")
    for words in ("Works", "events a minute", "1 failed"):
        expect(row.get_by_text(words).first).to_be_in_viewport()


@pytest.mark.parametrize("width", [1440, 390])
def test_everybody_can_use_it(page: Page, sign_in, admin, slack_channel, axe, width):
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, admin)
    one = f"/channels/{slack_channel.public_id}"
    for url in ("/channels", "/channels/new", "/channels/new?kind=slack", one, f"{one}/off"):
        page.goto(url)
        assert axe(page) == [], url
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
