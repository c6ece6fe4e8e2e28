"""The page of a person in a real browser: edited in place, by mouse and by keys alone; beside the list; phones; axe."""

import re

import pytest
from playwright.sync_api import Page, expect

from coterie.audience.models import Attribute
from coterie.audience.tree import Condition
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start
from coterie.channels.models import Channel
from coterie.profile.editing import change_value
from coterie.segments.catalogue import create
from coterie.segments.rules import create_rule
from coterie.segments.settle import settle
from tests.makers import make_person
from tests.talking import talk  # noqa: F401
from tests.web.person_pages import now_on

HOSTILE = "<img src=x onerror=alert(1)> \u202eمرحبا 🦊"


@pytest.fixture
def channel(workspace):
    """The channel that `talk` speaks on."""
    return Channel.objects.create(workspace=workspace, kind="api", name="Shop")


@pytest.fixture
def ada(workspace, talk):  # noqa: F811
    """Ada, who talked twice, with a hostile attribute, in a segment by hand and in one by rule."""
    make_person(workspace, default_name="Zoe", default_city="Lima")
    person = make_person(
        workspace, default_name="Ada", default_email="ada@example.com", default_city="Oslo", odd=HOSTILE
    )
    make_person(workspace, default_name="Bob", default_city="Oslo")
    talk(person, "where is my order?", session={"order": "FH-1"}, session_id="one", at=person.last_seen)
    talk(person, "thanks", session={"order": "FH-2"}, session_id="two")
    create_rule(workspace, "Northern", Condition("default_city", "is", ("Oslo",)), "test")
    create(workspace, "Newsletter", "test")
    settle(workspace)
    return now_on(person)


@pytest.fixture
def profile(page, sign_in, admin, ada) -> Page:
    """Ada's page, open."""
    sign_in(page, admin)
    page.goto(f"/users/{ada.public_id}?view=sort%3Ddefault_name")
    expect(page.locator("#place")).to_contain_text("1 of 3")
    return page


def row(page: Page, label: str):
    return page.locator("#person .kv > div", has=page.locator("dt", has_text=re.compile(f"^{label}$")))


def listed(page: Page, name: str):
    """The link of a person in the list."""
    return page.locator("#grid .who a", has_text=name)


def said(page: Page):
    return page.locator("#toasts")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.name")


@pytest.mark.every_database
def test_a_double_click_edits_enter_saves_and_undo_takes_it_back(profile, ada):
    row(profile, "Name").locator(".value").dblclick()
    field = profile.get_by_role("textbox", name="Name", exact=True)
    expect(field).to_be_focused()
    profile.keyboard.type("Ada King")
    profile.keyboard.press("Enter")
    expect(profile.locator("h1")).to_have_text("Ada King")
    expect(said(profile)).to_contain_text("Name changed from Ada to Ada King.")
    assert focused(profile) == "Edit Name"
    assert "view=sort" in profile.url
    said(profile).get_by_role("button", name="Undo").click()
    expect(profile.locator("h1")).to_have_text("Ada")
    expect(said(profile)).to_contain_text("Undone.")
    assert now_on(ada).attributes["default_name"] == "Ada"


def test_escape_leaves_everything_as_it_was(profile, ada):
    row(profile, "Email").get_by_role("link", name="Edit Email").click()
    expect(profile.get_by_role("textbox", name="Email", exact=True)).to_be_focused()
    profile.keyboard.type("nonsense")
    profile.keyboard.press("Escape")
    expect(row(profile, "Email").locator(".value")).to_contain_text("ada@example.com")
    assert focused(profile) == "Edit Email"
    assert now_on(ada).attributes["default_email"] == "ada@example.com"


def test_tab_saves_and_goes_on_by_keys_alone(profile, ada):
    row(profile, "Name").get_by_role("link", name="Edit Name").focus()
    profile.keyboard.press("e")
    expect(profile.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    profile.keyboard.type("Ada King")
    profile.keyboard.press("Shift+Tab")
    expect(profile.get_by_role("textbox", name="Email", exact=True)).to_be_focused()
    expect(profile.locator("h1")).to_have_text("Ada King")
    profile.keyboard.press("Tab")  # Nothing was typed: nothing is sent.
    expect(profile.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    profile.keyboard.press("Escape")
    profile.keyboard.press("z")
    expect(profile.locator("h1")).to_have_text("Ada")


def test_one_value_at_a_time_says_where_it_comes_from_and_the_pencil_covers_none(profile, ada):
    row(profile, "Name").locator(".value").dblclick()
    profile.keyboard.press("Enter")
    expect(row(profile, "Name").get_by_role("link", name="Edit Name")).to_be_focused()
    for pointed in ("Name", "Email"):
        row(profile, pointed).locator(".value").hover()
        for label in ("Name", "Email"):
            expect(row(profile, label).locator(".from")).to_have_css("opacity", "1" if label == pointed else "0")
    value, acts = (row(profile, "Email").locator(place).bounding_box() for place in (".value", ".acts"))
    assert value["x"] + value["width"] <= acts["x"]


def test_a_value_on_the_timeline_is_on_one_line(profile, ada):
    profile.get_by_role("link", name="Timeline").click()
    change = profile.locator(".diff", has_text="Integration")
    icon, words = (change.locator(place).bounding_box() for place in ("ins .icon", "ins bdi"))
    assert abs(icon["y"] + icon["height"] / 2 - words["y"] - words["height"] / 2) < 5


def test_what_does_not_fit_is_said_at_the_field(profile, ada, page_problems):
    row(profile, "Email").locator(".value").dblclick()
    profile.keyboard.type("nonsense")
    profile.keyboard.press("Enter")
    field = profile.get_by_role("textbox", name="Email", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(profile.locator(".editing .error")).to_contain_text("“nonsense” is not an e-mail address")
    expect(field).to_be_focused()
    field.fill("king@example.com")
    profile.keyboard.press("Enter")
    expect(row(profile, "Email").locator(".value")).to_contain_text("king@example.com")
    page_problems.clear()


def test_saving_for_somebody_erased_meanwhile_says_so_and_the_address_stays_theirs(
    profile, ada, workspace, page_problems
):
    address = profile.url
    row(profile, "Name").locator(".value").dblclick()
    expect(profile.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    start(workspace, "test", Action.delete(), Selection.of_ids([ada.id]))
    profile.keyboard.type("Ada King")
    profile.keyboard.press("Enter")
    expect(profile.locator("h1")).to_have_text("Nobody is here")
    assert profile.url == address
    page_problems.clear()


def test_the_later_of_two_sees_both_and_chooses(profile, ada, workspace, page_problems):
    row(profile, "Name").locator(".value").dblclick()
    expect(profile.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    change_value(workspace, "test", ada.id, "default_name", "Ada", "Ada Byron")
    profile.keyboard.type("Ada King")
    profile.keyboard.press("Enter")
    expect(profile.locator(".editing .error")).to_contain_text("The value is now Ada Byron")
    expect(profile.get_by_role("textbox", name="Name", exact=True)).to_have_value("Ada King")
    profile.get_by_role("link", name="Keep theirs").click()
    expect(profile.locator("h1")).to_have_text("Ada Byron")
    page_problems.clear()


def test_see_more_stays_open_after_a_change_and_hostile_values_are_text(profile, ada):
    profile.get_by_text("See more").click()
    expect(row(profile, "odd").locator(".value")).to_contain_text("<img src=x onerror=alert(1)>")
    row(profile, "odd").get_by_role("link", name="Edit odd").click()
    profile.get_by_role("textbox", name="odd", exact=True).fill("plain")
    profile.keyboard.press("Enter")
    expect(row(profile, "odd").locator(".value")).to_be_visible()
    expect(row(profile, "odd").locator(".value")).to_contain_text("plain")
    row(profile, "odd").get_by_role("link", name="History of odd").click()
    expect(profile.locator(".past li")).to_have_count(2)
    profile.get_by_role("button", name="Restore").click()
    expect(said(profile)).to_contain_text("odd changed from plain")
    assert now_on(ada).attributes["odd"] == HOSTILE


def test_a_value_is_removed_and_an_attribute_added(profile, ada, workspace, page_problems):
    row(profile, "Email").get_by_role("link", name="Edit Email").click()
    profile.get_by_role("button", name="Remove", exact=True).click()
    expect(row(profile, "Email").locator(".value")).to_contain_text("not known")
    profile.get_by_role("link", name="Add user data").click()
    dialog = profile.get_by_role("dialog", name="Add data of Ada")
    expect(dialog.get_by_label("Attribute")).to_be_focused()
    dialog.get_by_label("Attribute").fill("budget")
    dialog.get_by_label("Type, if it is new").select_option("number")
    dialog.get_by_label("Value").fill("much")
    profile.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("“much” is not a number.")
    dialog.get_by_label("Value").fill("12")
    dialog.get_by_role("button", name="Add").click()
    expect(said(profile)).to_contain_text("budget set to 12.")
    expect(dialog).to_be_hidden()
    assert now_on(ada).attributes["budget"] == 12
    assert Attribute.objects.get(workspace=workspace, key="budget").type == "number"
    page_problems.clear()


def test_what_the_last_session_collected_is_corrected(profile, ada):
    expect(row(profile, "order").locator(".value")).to_contain_text("FH-2 was FH-1")
    row(profile, "order").locator(".value").dblclick()
    profile.keyboard.type("FH-3")
    profile.keyboard.press("Enter")
    expect(row(profile, "order").locator(".value")).to_contain_text("FH-3 was FH-1")


def test_segments_are_joined_explained_and_left(profile, ada):
    profile.keyboard.press("s")
    dialog = profile.get_by_role("dialog", name="Add Ada to segments")
    expect(dialog.get_by_label("Find or name a segment")).to_be_focused()
    profile.keyboard.type("VIP")
    profile.keyboard.press("Enter")
    dialog.get_by_text("Newsletter").click()
    dialog.get_by_role("button", name="Confirm").click()
    expect(said(profile)).to_contain_text("Ada added to Newsletter, VIP.")
    profile.get_by_role("button", name="Remove from VIP").click()
    expect(said(profile)).to_contain_text("Ada removed from VIP.")
    profile.get_by_role("link", name="Why in Northern").click()
    why = profile.get_by_role("dialog", name="Why Ada is in Northern")
    expect(why).to_contain_text("City is Oslo")
    expect(why).to_contain_text("If this changed, they would leave.")
    profile.keyboard.press("Escape")
    expect(why).to_be_hidden()


def test_a_ban_is_said_and_undone_by_key(profile):
    profile.get_by_role("button", name="Ban", exact=True).click()
    expect(profile.locator(".name .badge")).to_contain_text("Banned by you")
    profile.keyboard.press("z")
    expect(profile.locator(".name .badge")).to_have_count(0)


def test_notes_and_undo_on_the_timeline(profile, ada):
    profile.get_by_role("link", name="Timeline").click()
    profile.get_by_label("A note about this person").fill("Likes dark roasts.")
    profile.keyboard.press("Control+Enter")
    note = profile.locator(".timeline li", has_text="You wrote a note")
    expect(note).to_contain_text("Likes dark roasts.")
    note.get_by_role("link", name="Edit").click()
    profile.get_by_label("Note", exact=True).fill("Likes light roasts.")
    profile.get_by_role("button", name="Save").click()
    expect(profile.locator(".timeline .note")).to_have_text("Likes light roasts.")
    profile.locator(".timeline li", has_text="Likes light roasts.").get_by_role("button", name="Remove").click()
    expect(profile.locator(".timeline .note")).to_have_count(0)
    profile.get_by_role("link", name="Changes only").click()
    expect(profile.locator(".timeline li", has_text="removed a note")).to_have_count(0)
    expect(profile.locator(".timeline li", has_text="Shop")).to_have_count(1)


def test_j_and_k_lead_along_the_list_one_came_from(profile):
    profile.keyboard.press("j")
    expect(profile.locator("h1")).to_have_text("Bob")
    expect(profile).to_have_title("Bob · Coterie")
    expect(profile.locator("#place")).to_contain_text("2 of 3")
    profile.keyboard.press("j")
    expect(profile.locator("h1")).to_have_text("Zoe")
    expect(profile.locator("#place")).to_contain_text("3 of 3")
    profile.keyboard.press("j")
    profile.keyboard.press("k")
    expect(profile.locator("h1")).to_have_text("Bob")
    profile.go_back()
    expect(profile.locator("h1")).to_have_text("Zoe")


class TestBesideTheList:
    """The panel."""

    @pytest.fixture
    def users(self, page, sign_in, admin, ada) -> Page:
        """The list, by name."""
        page.set_viewport_size({"width": 1440, "height": 900})
        sign_in(page, admin)
        page.goto("/users?sort=default_name")
        return page

    @staticmethod
    def panel(page: Page):
        return page.get_by_role("region", name="User", exact=True)

    def test_a_click_opens_the_person_beside_the_list_and_escape_closes(self, users, ada):
        listed(users, "Ada").click()
        expect(self.panel(users).locator("h1")).to_have_text("Ada")
        expect(users.locator("#grid")).to_be_visible()
        assert users.url.endswith(f"/users/{ada.public_id}?view=sort%3Ddefault_name")
        users.keyboard.press("j")
        expect(self.panel(users).locator("h1")).to_have_text("Bob")
        expect(users.locator("#grid tr[data-open] bdi").first).to_have_text("Bob")
        users.go_back()
        expect(self.panel(users).locator("h1")).to_have_text("Ada")
        expect(users.locator("#grid tr[data-open] bdi").first).to_have_text("Ada")
        users.keyboard.press("Escape")
        expect(self.panel(users)).to_be_hidden()
        assert users.url.endswith("/users?sort=default_name")
        expect(listed(users, "Ada")).to_be_focused()

    def test_what_is_changed_there_is_seen_in_the_list(self, users, ada):
        listed(users, "Ada").click()
        panel = self.panel(users)
        panel.locator(".kv > div", has=users.locator("dt", has_text="Name")).locator(".value").dblclick()
        users.keyboard.type("Abby")
        users.keyboard.press("Enter")
        expect(panel.locator("h1")).to_have_text("Abby")
        said(users).get_by_role("button", name="Undo").click()
        expect(panel.locator("h1")).to_have_text("Ada")
        expect(users.locator("#grid")).to_be_visible()
        panel.get_by_role("link", name="Edit Name").click()
        users.keyboard.type("Abby")
        users.keyboard.press("Enter")
        expect(panel.locator("h1")).to_have_text("Abby")
        panel.get_by_role("button", name="Close", exact=True).click()
        expect(users.locator(".who bdi")).to_have_text(["Abby", "Bob", "Zoe"])

    def test_the_address_opens_the_whole_page(self, users):
        listed(users, "Ada").click()
        expect(self.panel(users).locator("h1")).to_have_text("Ada")
        users.reload()
        expect(users.locator("h1")).to_have_text("Ada")
        expect(users.locator("#grid")).to_have_count(0)

    def test_keys_alone_open_and_close_it(self, users):
        users.keyboard.press("j")
        users.keyboard.press("o")
        expect(self.panel(users).locator("h1")).to_have_text("Ada")
        users.keyboard.press("Escape")
        expect(self.panel(users)).to_be_hidden()

    def test_back_closes_it(self, users):
        listed(users, "Bob").click()
        expect(self.panel(users).locator("h1")).to_have_text("Bob")
        users.go_back()
        expect(self.panel(users)).to_be_hidden()
        expect(users.locator(".who bdi")).to_have_text(["Ada", "Bob", "Zoe"])


def test_everybody_can_use_it(profile, axe):
    # What fades in has its colours at once.
    profile.emulate_media(reduced_motion="reduce")
    profile.get_by_text("See more").click()
    assert axe(profile) == []
    profile.get_by_role("link", name="Timeline").click()
    expect(profile.locator(".timeline")).to_be_visible()
    assert axe(profile) == []
    row(profile, "Name").locator(".value").dblclick()
    expect(profile.locator(".editing")).to_be_visible()
    assert axe(profile) == []
    profile.keyboard.press("Escape")
    for name in ("Add user data", "Add to segments", "Why in Northern"):
        profile.get_by_role("link", name=name).click()
        expect(profile.locator("#person-dialog[open] form")).to_be_visible()
        assert axe(profile) == []
        profile.keyboard.press("Escape")
    row(profile, "Name").get_by_role("link", name="History of Name").click()
    expect(profile.locator(".past")).to_be_visible()
    assert axe(profile) == []


@pytest.mark.parametrize("tab", ["chats", "timeline"])
def test_it_fits_a_phone_and_is_used_by_touch(page, sign_in, admin, ada, axe, tab):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, admin)
    page.goto("/users?sort=default_name")
    listed(page, "Ada").click()
    expect(page.locator("h1")).to_have_text("Ada")
    page.goto(f"/users/{ada.public_id}?tab={tab}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if tab == "timeline":
        expect(page.get_by_label("A note about this person")).to_be_in_viewport()
    page.get_by_role("link", name="Edit Name").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Ada King")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("Ada King")
    assert axe(page) == []


class TestWithoutScript:
    """Forms and whole pages."""

    @pytest.fixture
    def plain(self, browser, live_server_url, client_of, admin, ada):
        """A page without JavaScript."""
        session = client_of(admin).cookies["sessionid"].value
        context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server_url}])
        page = context.new_page()
        page.goto(f"/users/{ada.public_id}")
        yield page
        context.close()

    def test_a_value_is_changed_and_undone(self, plain, ada):
        row(plain, "Name").get_by_role("link", name="Edit Name").click()
        plain.get_by_role("textbox", name="Name", exact=True).fill("Ada King")
        plain.get_by_role("button", name="Save").click()
        expect(plain.locator("h1")).to_have_text("Ada King")
        plain.get_by_role("button", name="Undo").click()
        expect(plain.locator("h1")).to_have_text("Ada")

    def test_a_segment_is_joined_by_its_page(self, plain):
        plain.get_by_role("link", name="Add to segments").click()
        plain.get_by_label("Create new segment").fill("VIP")
        plain.get_by_role("button", name="Confirm").click()
        expect(plain.get_by_role("button", name="Remove from VIP")).to_be_visible()

    def test_the_next_person_is_a_link(self, plain):
        plain.get_by_role("link", name="Previous person").click()
        expect(plain.locator("h1")).to_have_text(re.compile("Ada|Bob|Zoe"))
