"""The Chat Widget in a real browser, on a page of another origin with the strictest policy under which it can run."""

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from playwright.sync_api import expect

from coterie.channels.models import Channel
from coterie.channels.setup import switch
from coterie.channels.widget.identity import secret_of
from coterie.chats.models import Chat, Message
from coterie.people.models import Person
from tests.browser.conftest import wait_until

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0000003010100"
    "18dd8db40000000049454e44ae426082"
)
SETTINGS = {
    "title": "Fernhill",
    "greeting": {"en": "Hi! Ask us anything.", "pl": "Cześć! Pytaj o wszystko."},
    "thanks": "Thank you!",
    "page_attributes": ["plan", "cart_value"],
}


@pytest.fixture
def channel(workspace):
    return Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings=dict(SETTINGS))


@pytest.fixture
def site(live_server_url, channel):
    """`site(page, html_attributes, script_attributes)` opens a page of another origin with the widget on it."""
    state = {"html": "", "script": "", "head": ""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            image = self.path.endswith(".png")
            body = PIXEL if image else self.page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "image/png" if image else "text/html; charset=utf-8")
            if not image:
                policy = f"default-src 'none'; script-src {live_server_url}; connect-src {live_server_url}"
                policy += "; img-src 'self'; style-src 'self'; base-uri 'none'; require-trusted-types-for 'script'"
                self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def page(self):
            return (
                f"<!doctype html><html {state['html'] or 'lang=en'}><head><title>A shop</title>{state['head']}"
                '<link rel="icon" href="/icon.png"></head><body><main><h1>A shop</h1><a href="/">Beans</a></main>'
                f'<script src="{live_server_url}/widget.js" data-channel="{channel.key}" {state["script"]} async>'
                "</script>"
                "</body></html>"
            )

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def visit(page, *, shown=True, **changes):
        state.update(changes)
        page.goto(f"http://localhost:{server.server_port}/")
        page.wait_for_function("window.Coterie")
        if shown:
            expect(launcher(page)).to_be_visible()
        return page

    yield visit
    server.shutdown()
    server.server_close()
    thread.join()


def launcher(page):
    return page.locator("coterie-chat .launcher")


def log(page):
    return page.locator("coterie-chat .log")


def field(page):
    return page.locator("coterie-chat textarea")


def say(page, text):
    field(page).fill(text)
    field(page).press("Enter")


def said(workspace):
    rows = Message.objects.filter(workspace=workspace, sender="user").order_by("at", "id")
    return list(rows.values_list("text", flat=True))


def proof(channel, user_id):
    return {
        "userId": user_id,
        "hash": hmac.new(secret_of(channel).encode(), user_id.encode(), hashlib.sha256).hexdigest(),
    }


def only(workspace):
    return Person.objects.get(workspace=workspace)


def answering(page, channel, messages):
    """The server answers the next messages with these."""
    body = json.dumps({"status": {"code": 200}, "messages": messages})
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
    page.route(
        f"**/channels/widget/{channel.key}",
        lambda route: (
            route.fulfill(status=200, headers=headers, body=body)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )


def test_it_runs_on_a_page_of_another_origin_under_the_strictest_policy(page, site, workspace):
    site(page)
    launcher(page).click()
    expect(log(page).get_by_text("Hi! Ask us anything.")).to_be_visible()
    say(page, "Do you ship to Norway?")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    assert said(workspace) == ["Do you ship to Norway?"]
    assert only(workspace).attributes["default_url"].startswith("http://localhost:")
    assert page.context.cookies() == []


def test_nothing_about_the_visitor_is_sent_before_they_write(page, site, workspace):
    asked = []
    page.on(
        "request", lambda request: asked.append((request.method, request.url)) if "/channels/" in request.url else None
    )
    site(page)
    launcher(page).click()
    expect(log(page).get_by_text("Hi! Ask us anything.")).to_be_visible()
    assert [method for method, _ in asked] == ["GET"]
    assert not Person.objects.filter(workspace=workspace).exists()


def test_by_keyboard_it_opens_takes_words_and_gives_the_focus_back(page, site):
    site(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(launcher(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(field(page)).to_be_focused()
    page.keyboard.type("hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("again")
    page.keyboard.press("Enter")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    expect(log(page).locator(".user .bubble")).to_have_text("hello\nagain")
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_focused()
    expect(launcher(page)).to_have_attribute("aria-expanded", "false")


def test_what_is_typed_offline_is_sent_once_and_in_order_when_the_network_is_back(page, site, workspace, page_problems):
    site(page)
    launcher(page).click()
    say(page, "one")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    page.context.set_offline(True)
    for text in ("two", "three", "four"):
        say(page, text)
    expect(page.locator("coterie-chat .line")).to_contain_text("You are offline")
    assert said(workspace) == ["one"]
    page.context.set_offline(False)
    expect(log(page).locator('.user[data-state="sent"]')).to_have_count(4)
    expect(page.locator("coterie-chat .line")).to_be_empty()
    assert said(workspace) == ["one", "two", "three", "four"]
    page_problems.clear()


def test_what_could_not_be_sent_outlives_the_page(page, site, workspace, channel, page_problems):
    site(page)
    launcher(page).click()
    page.route("**/channels/widget/**", lambda route: route.abort())
    say(page, "first")
    say(page, "second")
    expect(log(page).get_by_text("Not sent. Try again")).to_be_visible()
    page.unroute("**/channels/widget/**")
    site(page)
    expect(log(page).locator('.user[data-state="sent"]')).to_have_count(2)
    assert said(workspace) == ["first", "second"]
    assert Chat.objects.get(workspace=workspace).by_user
    page_problems.clear()


def test_an_answer_that_was_lost_does_not_double_the_message(page, site, workspace, channel, page_problems):
    site(page)
    launcher(page).click()
    lost = []

    def lose(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route(f"**/channels/widget/{channel.key}", lose)
    say(page, "hello")
    expect(log(page).locator('.user[data-state="sent"]')).to_have_count(1)
    expect(log(page).get_by_text("Thank you!")).to_have_count(1)
    assert said(workspace) == ["hello"]
    page_problems.clear()


def test_a_logged_in_visitor_is_who_the_server_says_and_keeps_what_they_wrote_before(page, site, workspace, channel):
    site(page)
    launcher(page).click()
    say(page, "before the login")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    page.evaluate("proof => Coterie.identify(proof)", proof(channel, "u-17"))
    assert only(workspace).user_id == "u-17"
    expect(log(page).get_by_text("before the login")).to_have_count(1)
    say(page, "after it")
    expect(log(page).locator(".user").last).to_have_attribute("data-state", "sent")
    expect(log(page).locator(".user")).to_have_count(2)
    expect(log(page).get_by_text("Hi! Ask us anything.")).to_have_count(1)
    assert only(workspace).chats == 1
    assert "u-17" not in page.evaluate("JSON.stringify({...localStorage})")
    site(page)
    launcher(page).click()
    expect(log(page).get_by_text("Hi! Ask us anything.")).to_be_visible()
    expect(log(page).get_by_text("before the login")).to_have_count(0)
    page.evaluate("proof => Coterie.identify(proof)", proof(channel, "u-17"))
    expect(log(page).get_by_text("before the login")).to_have_count(1)


def test_who_logs_out_leaves_nothing_for_the_next_one(page, site, workspace, channel):
    site(page)
    launcher(page).click()
    page.evaluate("proof => Coterie.identify(proof)", proof(channel, "u-17"))
    say(page, "my secret")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    page.evaluate("() => Coterie.identify(null)")
    expect(log(page).get_by_text("my secret")).to_have_count(0)
    say(page, "somebody else")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    assert sorted(Person.objects.filter(workspace=workspace).values_list("chats", flat=True)) == [1, 1]


def test_who_follows_with_another_token_sees_nothing_of_the_one_before(page, site, workspace, channel, page_problems):
    def token(user_id, secret):
        return jwt.encode({"sub": user_id, "exp": int(time.time()) + 300}, secret, "HS256")

    site(page)
    launcher(page).click()
    page.evaluate("token => Coterie.identify({token})", token("u-1", secret_of(channel)))
    say(page, "secret of the first")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    page.evaluate("token => Coterie.identify({token})", token("u-1", secret_of(channel)))
    expect(log(page).get_by_text("secret of the first")).to_be_visible()
    page.evaluate("token => Coterie.identify({token})", token("u-2", secret_of(channel)))
    expect(log(page).get_by_text("Hi! Ask us anything.")).to_be_visible()
    expect(log(page).get_by_text("secret of the first")).to_have_count(0)
    say(page, "of the second")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    page.evaluate("token => Coterie.identify({token}).catch(() => 0)", token("u-1", "s" * 40))
    expect(log(page).get_by_text("of the second")).to_have_count(0)
    say(page, "of nobody")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    people = Person.objects.filter(workspace=workspace).values_list("user_id", flat=True)
    assert sorted(user_id[:8] for user_id in people) == ["u-1", "u-2", "visitor-"]
    page_problems.clear()


def test_what_is_written_while_the_proof_is_under_way_is_theirs(page, site, workspace, channel):
    site(page)
    page.evaluate(
        "proof => { Coterie.open(); Coterie.identify(proof); Coterie.sendMessage('at once') }", proof(channel, "u-17")
    )
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    assert only(workspace).user_id == "u-17"


def test_a_forged_proof_is_told_to_the_page_and_changes_nothing(page, site, workspace, page_problems):
    site(page)
    page.evaluate("window.errors = []; Coterie.on('error', (words) => errors.push(words))")
    refused = page.evaluate(
        "Coterie.identify({userId: 'u-1', hash: '0'.repeat(64)}).then(() => '', (error) => error.message)"
    )
    assert "does not fit" in refused
    assert page.evaluate("errors.length") == 1
    launcher(page).click()
    say(page, "hi")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    assert only(workspace).user_id.startswith("visitor-")
    page_problems.clear()


def test_what_the_page_tells_goes_along_with_the_first_words_and_later_at_once(page, site, workspace):
    site(page)
    page.evaluate(
        "Coterie.setUserAttributes({name: 'Maya', plan: 'pro'}); Coterie.setSessionAttributes({cart_value: 12})"
    )
    page.wait_for_timeout(300)
    assert not Person.objects.filter(workspace=workspace).exists()
    launcher(page).click()
    say(page, "hi")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    assert only(workspace).attributes["default_name"] == "Maya"
    assert only(workspace).attributes["plan"] == "pro"
    assert Chat.objects.get(workspace=workspace).attributes == {"cart_value": 12}
    with page.expect_response("**/attributes"):
        page.evaluate("Coterie.setUserAttributes({plan: 'team'})")
    assert only(workspace).attributes["plan"] == "team"


def test_messages_that_come_while_it_is_closed_are_counted_and_told(page, site, channel):
    site(page)
    launcher(page).click()
    held = []

    def hold(route):
        held.append(route)

    page.route(f"**/channels/widget/{channel.key}", hold)
    field(page).fill("hi")
    page.evaluate("window.heard = []; Coterie.on('message', (message) => heard.push(message.sender))")
    field(page).press("Enter")
    wait_until(page, lambda: len(held) == 1)
    page.evaluate("Coterie.close()")
    held[0].continue_()
    expect(launcher(page)).to_have_attribute("aria-label", "Chat, 1 new")
    expect(launcher(page)).to_have_attribute("data-unread", "1")
    expect(page.locator("coterie-chat .quiet[role=status]")).to_contain_text("Thank you!")
    assert page.evaluate("heard") == ["user", "bot"]
    launcher(page).click()
    expect(launcher(page)).to_have_attribute("aria-label", "Chat")


def test_it_speaks_the_language_of_the_page(page, site):
    site(page, html='lang="pl-PL"')
    launcher(page).click()
    expect(field(page)).to_have_attribute("placeholder", "Napisz wiadomość")
    expect(log(page).get_by_text("Cześć! Pytaj o wszystko.")).to_be_visible()


def test_the_line_on_the_page_may_name_another_language(page, site):
    site(page, html='lang="pl"', script='data-lang="de"')
    launcher(page).click()
    expect(field(page)).to_have_attribute("placeholder", "Nachricht schreiben")


def test_nobody_writes_before_they_agreed(page, site, workspace, channel):
    channel.settings |= {"consent": "We keep what you write.", "privacy_url": "https://shop.example/privacy"}
    channel.save()
    site(page)
    launcher(page).click()
    agree = page.locator("coterie-chat .agree")
    expect(agree).to_be_focused()
    expect(field(page)).to_be_hidden()
    expect(page.locator("coterie-chat .terms a")).to_have_attribute("href", "https://shop.example/privacy")
    assert page.evaluate("Coterie.sendMessage('hi')") is False
    agree.press("Enter")
    expect(field(page)).to_be_focused()
    say(page, "hi")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    assert "chat_consent" in only(workspace).attributes
    site(page)
    launcher(page).click()
    expect(field(page)).to_be_visible()


def test_quick_replies_are_buttons_and_only_web_addresses_are_links_or_pictures(page, site, channel, page_problems):
    site(page)
    launcher(page).click()
    hostile = "javascript:alert(document.domain)"
    answering(
        page,
        channel,
        [
            {"id": "1", "sender": "bot", "text": f"See {hostile} or https://shop.example/x.", "image": hostile},
            {
                "id": "2",
                "sender": "bot",
                "text": "<img src=x onerror=alert(1)>",
                "image": "/picture.png",
                "buttons": [
                    {"title": "Track it", "payload": "/track"},
                    {"title": "Bad", "url": hostile},
                    {"title": "Shop", "url": "https://shop.example/"},
                ],
            },
        ],
    )
    say(page, "hi")
    expect(log(page).get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    links = log(page).locator("a")
    assert sorted(links.evaluate_all("links => links.map((link) => link.protocol)")) == ["http:", "https:", "https:"]
    assert set(links.evaluate_all("links => links.map((link) => link.rel)")) == {"noopener noreferrer"}
    assert log(page).locator("img[src^=javascript]").count() == 0
    button = log(page).get_by_role("button", name="Track it")
    button.focus()
    button.press("Enter")
    expect(log(page).locator(".user .bubble").last).to_have_text("Track it")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("aria-pressed", "true")
    page_problems.clear()  # the picture is not where the page's policy allows it


def test_a_picture_is_shown_where_the_page_allows_it_and_tells_its_host_nothing(page, site, channel):
    site(page)
    launcher(page).click()
    asked = []
    page.on(
        "request", lambda request: asked.append(request.headers.get("referer")) if "big.png" in request.url else None
    )
    answering(page, channel, [{"id": "1", "sender": "bot", "text": "", "image": f"{page.url}big.png"}])
    say(page, "hi")
    picture = log(page).locator(".picture img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 1)
    assert asked == [None]


def test_a_picture_that_cannot_be_shown_is_a_link(page, site, channel, page_problems):
    site(page)
    launcher(page).click()
    answering(page, channel, [{"id": "1", "sender": "bot", "text": "", "image": "https://elsewhere.example/x.png"}])
    say(page, "hi")
    expect(log(page).get_by_role("link", name="Open the picture")).to_have_attribute(
        "href", "https://elsewhere.example/x.png"
    )
    page_problems.clear()


def test_the_page_may_restyle_it_and_the_workspace_chooses_its_side_and_colour(page, site, channel):
    channel.settings |= {"colour": "#006644", "side": "left"}
    channel.save()
    site(page)
    expect(launcher(page)).to_have_css("background-color", "rgb(0, 102, 68)")
    assert launcher(page).bounding_box()["x"] < 100
    page.evaluate("document.querySelector('coterie-chat').style.setProperty('--coterie-fill', 'rgb(1, 2, 3)')")
    expect(launcher(page)).to_have_css("background-color", "rgb(1, 2, 3)")


def test_it_answers_to_the_names_of_chatbot_s_widget(page, site, workspace):
    page.add_init_script(
        "window.calls = []; window.BE_API = {onLoad: () => calls.push('load'),"
        " onChatWindowOpen: () => calls.push('open'), onConversationStart: () => calls.push('start'),"
        " onMessage: () => calls.push('message'),"
        " onSessionReset: () => calls.push('reset'), onChatWindowClose: () => calls.push('close'),"
        " onChatWindowHide: () => calls.push('hide'), onDestroy: () => calls.push('destroy')}"
    )
    site(page)
    page.evaluate("BE_API.setUserAttributes({email: 'maya@x.example'}); BE_API.openChatWindow()")
    assert page.evaluate("BE_API.isChatWindowOpened()")
    page.evaluate("BE_API.sendMessage({message: 'Hello', postback: 'greet'})")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    assert said(workspace) == ["greet"]
    assert only(workspace).attributes["default_email"] == "maya@x.example"
    assert page.evaluate("BE_API.getUserData()") == {"email": "maya@x.example"}
    page.evaluate("BE_API.closeChatWindow(); BE_API.resetSession(); BE_API.hideChatWindow()")
    expect(launcher(page)).to_be_hidden()
    assert page.evaluate("BE_API.isChatWindowHidden()")
    page.evaluate("BE_API.destroy()")
    assert not page.evaluate("BE_API.isInitialized()")
    assert page.evaluate("calls") == [
        "load",
        "open",
        "start",
        "message",
        "message",
        "close",
        "reset",
        "hide",
        "destroy",
    ]


def test_a_page_may_keep_it_from_loading(page, site, live_server_url):
    page.add_init_script("window.BE_API = {onBeforeLoad: () => false}")
    site(page, shown=False)
    page.wait_for_timeout(500)
    expect(launcher(page)).to_have_count(0)
    page.evaluate("BE_API.create()")
    expect(launcher(page)).to_be_visible()


def test_a_widget_that_is_off_is_not_seen(page, site, channel, page_problems):
    site(page)
    switch(channel, "test", on=False)
    page.wait_for_timeout(2_200)  # So long the server may go by what it remembers.
    page.route("**/channels/widget/**", lambda route: route.continue_())  # Routing keeps the browser from its cache.
    page.reload()
    expect(page.locator("coterie-chat")).to_have_attribute("hidden", "")
    assert any("404" in problem for problem in page_problems)
    page_problems.clear()


def test_a_mistake_of_the_page_stops_no_chat(page, site, page_problems):
    site(page)
    page.evaluate("Coterie.on('open', () => { throw new Error('mine') })")
    launcher(page).click()
    say(page, "hi")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    page_problems.clear()


@pytest.mark.parametrize("width", [1280, 390])
def test_nobody_is_kept_out(page, site, axe, channel, width):
    channel.settings |= {"colour": "#ffcc00", "consent": "We keep it.", "privacy_url": "https://shop.example/p"}
    channel.save()
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    site(page)
    assert axe(page) == []
    launcher(page).click()
    expect(page.locator("coterie-chat .agree")).to_be_visible()
    assert axe(page) == []
    page.locator("coterie-chat .agree").click()
    say(page, "hi, see https://shop.example/x")
    expect(log(page).get_by_text("Thank you!")).to_be_visible()
    assert axe(page) == []
    box = page.locator("coterie-chat .panel").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
