"""The Chat Widget in a real browser: on the demo shop, from the first word to the Users page."""

import httpx
import pytest

from coterie.channels.models import Channel
from coterie.people.models import Person

SETTINGS = {
    "title": "Fernhill Coffee",
    "greeting": "Hi! Ask us anything.",
    "thanks": "Thank you! Somebody will get back to you.",
    "questions": [
        {"attribute": "default_name", "text": "What is your name?"},
        {"attribute": "default_email", "text": "Your e-mail address, please.", "type": "email"},
    ],
}


@pytest.fixture
def shop(workspace):
    """The widget on the demo shop is the one of this test's workspace."""
    for channel in Channel.objects.filter(kind="widget", settings__demo=True):
        channel.settings.pop("demo")
        channel.save()
    return Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings=SETTINGS | {"demo": True})


def say(page, text):
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")


def expect_bot(page, text):
    page.get_by_role("log").get_by_text(text).wait_for()


@pytest.mark.every_database
def test_a_visitor_of_the_demo_shop_becomes_a_person_on_the_users_page(
    page, sign_in, live_server_url, workspace, shop, owner
):
    page.goto(f"{live_server_url}/demo")
    page.get_by_role("button", name="Fernhill Coffee").or_(page.get_by_role("button", name="chat")).first.click()
    expect_bot(page, "Hi! Ask us anything.")
    for text, reply in (
        ("Do you ship to Norway?", "What is your name?"),
        ("Solveig Dahl", "Your e-mail address, please."),
        ("solveig@fjordmail.example", "Somebody will get back to you."),
    ):
        say(page, text)
        expect_bot(page, reply)
    person = Person.objects.get(workspace=workspace)
    assert person.attributes["default_name"] == "Solveig Dahl"
    sign_in(page, owner)
    page.goto(f"{live_server_url}/users")
    row = page.get_by_role("row").filter(has_text="Solveig Dahl")
    assert "solveig@fjordmail.example" in row.inner_text()


def test_an_open_users_page_offers_the_new_person_without_a_reload(
    page, sign_in, live_server_url, workspace, shop, owner
):
    sign_in(page, owner)
    page.goto(f"{live_server_url}/users")
    for number, text in enumerate(("hello", "Maya Ortiz", "maya@x.example")):
        body = {"session": "s", "id": f"m{number}", "text": text, "context": {}}
        httpx.post(f"{live_server_url}/channels/widget/{shop.key}", json=body).raise_for_status()
    page.get_by_role("button", name="Show").or_(page.get_by_role("link", name="Show")).first.click()
    page.get_by_role("row").filter(has_text="Maya Ortiz").wait_for()


def test_hostile_words_stay_words(page, live_server_url, shop):
    page.goto(f"{live_server_url}/demo")
    page.get_by_role("button", name="Fernhill Coffee").or_(page.get_by_role("button", name="chat")).first.click()
    words = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    say(page, words)
    page.get_by_role("log").get_by_text(words).wait_for()
    expect_bot(page, "What is your name?")


def test_the_running_chat_is_there_after_a_reload(page, live_server_url, shop):
    page.goto(f"{live_server_url}/demo")
    launcher = page.get_by_role("button", name="Fernhill Coffee").or_(page.get_by_role("button", name="chat")).first
    launcher.click()
    say(page, "remember me")
    expect_bot(page, "What is your name?")
    page.reload()
    launcher.click()
    page.get_by_role("log").get_by_text("remember me").wait_for()
