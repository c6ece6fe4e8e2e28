"""Merging, everything about a person, erasing, retention and bans in a real browser; by keys, on phones, axe."""

import re

import pytest
from playwright.sync_api import Page, expect

from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.people.models import Person
from coterie.profile.editing import set_banned
from tests.conftest import PASSWORD
from tests.makers import make_person
from tests.talking import talk  # noqa: F401
from tests.web.person_pages import now_on

EMAIL = "one@example.com"


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """The channel that `talk` speaks on."""
    return Channel.objects.create(workspace=workspace, kind="api", name="Shop")


@pytest.fixture
def ada(workspace, talk) -> Person:  # noqa: F811
    """Ada, who talked."""
    person = make_person(workspace, default_name="Ada", default_email=EMAIL, default_city="Oslo", plan="free")
    return talk(person, "where is my order?", session={"order": "FH-1"})


@pytest.fixture
def bo(workspace, ada) -> Person:
    """Bo, who has Ada's e-mail address."""
    return make_person(workspace, default_name="Bo", default_email=EMAIL.upper(), size="3")


@pytest.fixture
def profile(page, sign_in, admin, ada, bo) -> Page:
    """Ada's page, open."""
    sign_in(page, admin)
    page.goto(f"/users/{ada.public_id}")
    return page


def menu(page: Page, entry: str) -> None:
    """Opens the menu of the person's page and chooses."""
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=entry).click()


def title(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1, name=words, exact=True)).to_be_visible()


def said(page: Page):
    return page.locator("#toasts")


def test_the_menu_tells_how_many_may_be_the_same(profile):
    profile.get_by_role("button", name="More actions").click()
    entry = profile.get_by_role("menuitem", name="Merge with…")
    expect(entry).to_contain_text("1 may be the same human")


@pytest.mark.every_database
def test_two_are_merged_and_taken_apart_again(profile, ada, bo):
    menu(profile, "Merge with…")
    title(profile, "Same human")
    expect(profile.locator(".twins")).to_contain_text("Both have the e-mail address one@example.com")
    profile.get_by_role("link", name="Compare Bo").click()
    title(profile, "Merge")
    profile.get_by_role("radio", name="Name: Bo").check()
    profile.get_by_role("button", name="Merge", exact=True).click()
    title(profile, "Bo")
    assert now_on(ada).attributes["size"] == "3"
    profile.goto(f"/users/{bo.public_id}?tab=timeline")
    assert ada.public_id in profile.url
    expect(profile.locator(".timeline")).to_contain_text("merged them with Bo")
    profile.get_by_role("link", name="Take apart").click()
    profile.get_by_role("button", name="Take apart Bo").click()
    expect(said(profile)).to_contain_text("They are two people again")
    assert (now_on(ada).attributes["default_name"], now_on(bo).attributes["default_name"]) == ("Ada", "Bo")


def test_a_merge_is_undone_from_its_message(profile, ada, bo):
    profile.goto(f"/users/{ada.public_id}/merge?with={bo.public_id}")
    profile.get_by_role("button", name="Merge", exact=True).click()
    said(profile).get_by_role("button", name="Undo").click()
    expect(said(profile)).to_contain_text("They are two people again")
    assert now_on(bo).attributes["size"] == "3"


def test_the_other_can_be_the_one_who_stays(profile, ada, bo):
    profile.goto(f"/users/{ada.public_id}/merge?with={bo.public_id}")
    profile.get_by_role("link", name="Keep the other instead").click()
    expect(profile.get_by_role("heading", name="Merge Ada into Bo?")).to_be_visible()


def test_it_is_merged_by_keys_alone(profile, ada, bo):
    more = profile.get_by_role("button", name="More actions")
    more.focus()
    profile.keyboard.press("Enter")
    entry = profile.get_by_role("menuitem", name="Merge with…")
    expect(entry).to_be_visible()
    while not entry.evaluate("(entry) => entry === document.activeElement"):
        profile.keyboard.press("Tab")
    profile.keyboard.press("Enter")
    title(profile, "Same human")
    profile.get_by_label("Their id, user id or e-mail address").focus()
    profile.keyboard.type(bo.public_id)
    profile.keyboard.press("Enter")
    title(profile, "Merge")
    profile.get_by_role("radio", name="Name: Ada").focus()
    profile.keyboard.press("ArrowRight")
    expect(profile.get_by_role("radio", name="Name: Bo")).to_be_checked()
    profile.get_by_role("button", name="Merge", exact=True).focus()
    profile.keyboard.press("Enter")
    title(profile, "Bo")


def test_everything_is_downloaded(profile, ada):
    menu(profile, "Everything about this person")
    title(profile, "Everything about this person")
    with profile.expect_download() as download:
        profile.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.startswith(f"person-{ada.public_id}")


def test_erasing_wants_the_name_and_the_password(profile, ada, page_problems):
    menu(profile, "Erase for good…")
    title(profile, "Erase for good")
    typed = profile.get_by_label("Type Ada to confirm")
    typed.fill("Bo")
    profile.get_by_label("Your password").fill(PASSWORD)
    profile.get_by_role("button", name="Erase for good").click()
    expect(typed).to_be_focused()
    expect(typed).to_have_attribute("aria-invalid", "true")
    page_problems.clear()  # The browser tells of the 422.
    typed.fill("ada")
    profile.get_by_label("Your password").fill(PASSWORD)
    profile.keyboard.press("Enter")
    expect(said(profile)).to_contain_text("Erased for good")
    assert not Person.objects.filter(workspace_id=ada.workspace_id, id=ada.id).exists()
    profile.goto(f"/users/{ada.public_id}")
    title(profile, "Nobody is here")
    page_problems.clear()


def test_it_is_reached_from_the_panel_beside_the_list(profile):
    profile.goto("/users?sort=default_name")
    profile.locator("#grid .who a", has_text="Ada").click()
    expect(profile.locator("person-panel h1")).to_have_text("Ada")
    menu(profile, "Merge with…")
    title(profile, "Same human")
    profile.get_by_role("navigation", name="You are here").get_by_role("link", name="Ada").click()
    title(profile, "Ada")


def test_the_chats_open_in_the_archives(profile):
    menu(profile, "Open in Archives")
    expect(profile.locator(".chat-list")).to_contain_text("where is my order?")


def test_what_a_banned_person_says_is_counted_and_marked(profile, workspace, ada, talk):  # noqa: F811
    set_banned(workspace, "member:1", ada.id, True)
    talk(ada, "spam", session_id="other")
    profile.reload()
    profile.get_by_role("link", name="1 message refused since then").click()
    expect(profile.locator(".turn.refused")).to_contain_text("spam")
    expect(profile.locator(".turn.refused")).to_contain_text("Refused, as they are banned")


def test_retention_is_rehearsed_before_it_is_saved(profile):
    profile.goto("/settings/retention")
    profile.get_by_label("Erase people who were not seen for so many days").fill("365")
    profile.get_by_role("button", name="Save").click()
    expect(profile.locator("main .notice")).to_contain_text("0 people would be erased tonight")
    profile.get_by_label("Your password").fill(PASSWORD)
    profile.get_by_role("button", name="Save").click()
    expect(profile.locator("main")).to_contain_text("not seen for 365 days is erased every night")


def test_the_answer_to_banned_people_is_kept(profile):
    profile.goto("/settings/banned")
    profile.get_by_label("The answer, in the widget and to your bots").fill("Please call us.")
    profile.get_by_role("button", name="Save").click()
    expect(said(profile)).to_contain_text("Saved")
    expect(profile.get_by_label("The answer, in the widget and to your bots")).to_have_value("Please call us.")


@pytest.mark.parametrize("width", [1440, 390])
def test_everybody_can_use_it(profile, workspace, ada, bo, axe, page_problems, width):
    profile.emulate_media(reduced_motion="reduce")
    profile.set_viewport_size({"width": width, "height": 900})
    person = f"/users/{ada.public_id}"
    pages = [person, f"{person}/everything", f"{person}/erase", f"{person}/merge", f"{person}/merge?with=nobody"]
    pages += [f"{person}/merge?with={bo.public_id}", "/settings/retention?days=30", "/settings/retention?days=x"]
    for url in (*pages, "/settings/banned"):
        profile.goto(url)
        assert axe(profile) == [], url
        assert profile.evaluate("document.documentElement.scrollWidth") <= width, url
    page_problems.clear()  # The wrong number of days is a 422.
    profile.goto(f"{person}/merge?with={bo.public_id}")
    profile.get_by_role("button", name="Merge", exact=True).click()
    set_banned(workspace, "member:1", ada.id, True)
    for url in (f"{person}?tab=timeline", f"{person}/merge"):
        profile.goto(url)
        assert axe(profile) == [], url
        assert profile.evaluate("document.documentElement.scrollWidth") <= width, url


class TestWithoutScript:
    """Forms and whole pages."""

    @pytest.fixture
    def plain(self, browser, live_server_url, client_of, admin, ada, bo):
        """A page without JavaScript."""
        session = client_of(admin).cookies["sessionid"].value
        context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server_url}])
        page = context.new_page()
        page.goto(f"/users/{ada.public_id}")
        yield page
        context.close()

    def test_two_are_merged_and_taken_apart(self, plain):
        menu(plain, "Merge with…")
        plain.get_by_role("link", name="Compare Bo").click()
        plain.get_by_role("button", name="Merge", exact=True).click()
        expect(plain.locator("h1")).to_have_text("Ada")
        plain.get_by_role("button", name="Undo").click()
        expect(said(plain)).to_contain_text("They are two people again")

    def test_somebody_is_erased(self, plain, ada):
        menu(plain, "Erase for good…")
        plain.get_by_label(re.compile("^Type Ada")).fill("Ada")
        plain.get_by_label("Your password").fill(PASSWORD)
        plain.get_by_role("button", name="Erase for good").click()
        expect(said(plain)).to_contain_text("Erased for good")
