"""An open Users page while people come: told, never moved."""

import secrets

import httpx
import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from coterie.channels.models import Channel
from tests.companion import free_port
from tests.makers import make_people
from tests.streams import serving

HIDE = """hidden => {
    Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
    document.dispatchEvent(new Event("visibilitychange"));
}"""
# Remembers every stream that the page opens.
REMEMBER = """
    window.streams = [];
    window.EventSource = class extends window.EventSource {
        constructor(url) { super(url); window.streams.push(this); }
    };
"""

# Of a stream.
OPEN, CLOSED = 1, 2


@pytest.fixture
def say(workspace, live_server_url):
    """Factory: `say("u-1", "hello")` is a chat that comes in through an API channel."""
    channel = Channel.objects.create(workspace=workspace, kind="api", name="Bot", key=secrets.token_urlsafe(24))

    def post(user: str, text: str = "hello", url: str = live_server_url, **attributes):
        event = {"userId": user, "message": text, "attributes": attributes}
        httpx.post(f"{url}/channels/api/{channel.key}", json=event).raise_for_status()

    return post


@pytest.fixture
def users(page, sign_in, viewer, workspace) -> Page:
    """The Users page with sixty people, open and listening."""
    make_people(workspace, 60, default_name="Somebody")
    sign_in(page, viewer)
    page.add_init_script(REMEMBER)
    with page.expect_request("**/users/live*"):
        page.goto("/users")
    until(page, [OPEN])
    return page


def pill(page: Page):
    return page.locator("a.news")


def until(page: Page, states: list[int]) -> None:
    """Waits until the streams that the page has opened so far are in these states."""
    page.wait_for_function("wanted => String(streams.map(stream => stream.readyState)) === String(wanted)", arg=states)


@pytest.mark.every_database
def test_a_chat_is_offered_within_three_seconds_and_moves_nothing(users, say):
    before = users.locator("tbody").inner_html()
    place = users.locator("tbody tr").first.bounding_box()
    say("fresh", default_name="Maya Ortiz")
    expect(pill(users)).to_have_text("1 new person Show")
    assert users.locator("tbody").inner_html() == before
    assert users.locator("tbody tr").first.bounding_box() == place
    expect(users.locator("output.total")).to_have_text("60 people")
    pill(users).click()
    expect(users.locator(".who bdi").first).to_have_text("Maya Ortiz")
    expect(users.locator("output.total")).to_have_text("61 people")
    expect(pill(users)).to_have_count(0)


def test_the_offer_grows_in_place_and_keeps_the_focus(users, say):
    say("one")
    expect(pill(users)).to_have_text("1 new person Show")
    pill(users).focus()
    expect(users.locator("live-news")).to_have_attribute("aria-live", "polite")
    say("two")
    expect(pill(users)).to_have_text("2 new people Show")
    expect(pill(users)).to_be_focused()
    expect(users.locator("live-news")).to_have_attribute("aria-live", "off")


def test_the_fresh_list_listens_again_and_the_old_stream_is_closed(users, say):
    say("one")
    pill(users).click()
    expect(users.locator("output.total")).to_have_text("61 people")
    until(users, [CLOSED, OPEN])
    say("two")
    expect(pill(users)).to_have_text("1 new person Show")


def test_a_hidden_tab_lets_go_and_catches_up_when_it_is_seen_again(users, say):
    users.evaluate(HIDE, True)
    until(users, [CLOSED])
    say("one")
    users.wait_for_timeout(500)
    expect(pill(users)).to_have_count(0)
    users.evaluate(HIDE, False)
    expect(pill(users)).to_have_text("1 new person Show")
    until(users, [CLOSED, OPEN])


def test_a_hidden_tab_that_missed_nothing_asks_nothing(users):
    asked: list[str] = []
    users.on("request", lambda request: asked.append(request.url))
    users.evaluate(HIDE, True)
    users.evaluate(HIDE, False)
    until(users, [CLOSED, OPEN])
    users.wait_for_timeout(1_000)
    assert [url.partition("?")[0].rpartition("/")[2] for url in asked] == ["live"]


def test_while_nothing_happens_nothing_is_asked(users):
    asked: list[str] = []
    users.on("request", lambda request: asked.append(request.url))
    users.wait_for_timeout(3_000)
    assert asked == []


def test_a_server_that_was_away_is_told_of_and_the_page_catches_up(browser, tmp_path, sign_in, viewer, workspace, say):
    make_people(workspace, 3)
    port = free_port()
    context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
    page = context.new_page()
    with serving(tmp_path, port=port):
        sign_in(page, viewer)
        page.goto("/users")
        expect(page.locator("live-news")).to_be_attached()
    notice = page.get_by_text("No connection. Trying again.")
    expect(notice).to_be_visible()
    say("meanwhile")
    with serving(tmp_path, port=port):
        # Unless the page has tried by itself meanwhile.
        page.get_by_role("button", name="Try now").evaluate_all("buttons => buttons.forEach(one => one.click())")
        expect(pill(page)).to_have_text("1 new person Show")
        expect(notice).to_be_hidden()
    context.close()


def test_whoever_was_logged_out_meanwhile_asks_no_more(users, say):
    key = next(cookie["value"] for cookie in users.context.cookies() if cookie["name"] == "sessionid")
    Session.objects.filter(session_key=key).delete()
    say("one")
    until(users, [CLOSED])
    asked: list[str] = []
    users.on("request", lambda request: asked.append(request.url))
    users.wait_for_timeout(3_000)
    assert asked == []
    expect(pill(users)).to_have_count(0)


def test_the_offer_can_be_used_by_everybody(users, say, axe):
    users.emulate_media(reduced_motion="reduce")
    say("one")
    expect(pill(users)).to_be_visible()
    assert users.locator("a.news .beat").evaluate("dot => getComputedStyle(dot).animationName") == "none"
    users.evaluate("document.querySelector('#toasts').append(document.querySelector('live-news').notice)")
    expect(users.get_by_text("No connection. Trying again.")).to_be_visible()
    assert axe(users) == []


def test_the_empty_page_offers_the_first_person(page, sign_in, viewer, say):
    sign_in(page, viewer)
    page.goto("/users")
    say("first", default_name="Ada")
    pill(page).click()
    expect(page.locator(".who bdi")).to_have_text("Ada")


def test_without_script_the_page_is_whole(browser, live_server_url, sign_in, viewer, workspace):
    make_people(workspace, 2, default_name="Ada")
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, viewer)
    page.goto("/users")
    expect(page.locator(".who bdi").first).to_have_text("Ada")
    expect(page.get_by_text("No connection")).to_have_count(0)
    context.close()
