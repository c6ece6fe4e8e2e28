"""Settings, Widgets, in a real browser: from a new widget to a visitor who is asked."""

import pytest
from playwright.sync_api import expect

from coterie.channels.models import Channel
from coterie.people.models import Person
from tests.browser.test_widget_on_pages import field, launcher, log, say

SETTINGS = {
    "greeting": {"en": "Hi!", "de": "Hallo!"},
    "questions": [
        {"attribute": "default_name", "text": "Your name?"},
        {"attribute": "size", "text": {"en": "Which size?"}, "type": "choice", "choices": ["S", "L"]},
    ],
}


@pytest.fixture
def channel(workspace):
    return Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings=SETTINGS)


@pytest.mark.parametrize("width", [1440, 390])
def test_nobody_is_kept_out_of_the_pages(page, sign_in, admin, channel, axe, width):
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, admin)
    base = f"/settings/widgets/{channel.public_id}"
    for address in (
        *("/settings/widgets", "/settings/widgets/new", base, f"{base}/prompts", f"{base}/page"),
        *(f"{base}/prompts/edit", f"{base}/prompts/edit?old=size"),
    ):
        page.goto(address)
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_a_member_makes_a_widget_that_asks_in_the_order_they_chose(
    page, sign_in, live_server_url, admin, workspace, page_problems
):
    sign_in(page, admin)
    page.goto("/settings/widgets")
    page.get_by_role("link", name="New widget").first.click()
    page.get_by_label("Name, for your team").fill("Blog")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("link", name="Prompts").click()
    for name, words, kind in (
        ("phone", "Your phone number?", "Phone number"),
        ("interest", "What are you after?", "One of a few answers"),
    ):
        page.get_by_role("link", name="Add a question").click()
        page.get_by_label("Attribute").fill(name)
        page.get_by_label("English").fill(words)
        page.get_by_label("What counts as an answer").select_option(label=kind)
        if kind.startswith("One"):
            page.get_by_label("The few answers").fill("beans = Coffee beans\ngear = Equipment")
        else:
            expect(page.get_by_label("The few answers")).to_be_hidden()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text(words)).to_be_visible()
    page.get_by_role("button", name="Ask for interest earlier").click()
    expect(page.locator(".prompts li").first).to_contain_text("What are you after?")
    made = Channel.objects.get(workspace=workspace, kind="widget")
    made.settings["demo"] = True
    made.save()
    for other in Channel.objects.filter(kind="widget", settings__demo=True).exclude(pk=made.pk):
        other.settings.pop("demo")
        other.save()
    page.goto("/demo")
    launcher(page).click()
    say(page, "hello")
    log(page).get_by_role("button", name="Equipment").click()
    expect(log(page).get_by_text("Your phone number?")).to_be_visible()
    say(page, "call me")
    expect(log(page).get_by_text("does not look like a phone number")).to_be_visible()
    say(page, "+44 20 7946 0018")
    expect(log(page).get_by_text("Thank you.")).to_be_visible()
    expect(field(page)).to_be_focused()
    attributes = Person.objects.get(workspace=workspace).attributes
    assert (attributes["interest"], attributes["phone"]) == ("gear", "+442079460018")


def test_words_of_another_language_are_a_link_away_and_kept_apart(page, sign_in, admin, channel):
    sign_in(page, admin)
    page.goto(f"/settings/widgets/{channel.public_id}")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_label("Greeting")).to_have_value("Hallo!")
    page.get_by_label("Greeting").fill("Guten Tag!")
    page.get_by_label("Left", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Greeting")).to_have_value("Guten Tag!")
    channel.refresh_from_db()
    assert channel.settings["greeting"] == {"en": "Hi!", "de": "Guten Tag!"}
    assert channel.settings["side"] == "left"
