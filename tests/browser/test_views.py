"""Saved views in a real browser: menu, saving, updating, keys, no script, phones, accessibility."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from coterie.accounts.models import Member
from coterie.audience import saved as kept
from coterie.audience.models import Attribute
from coterie.audience.tree import Condition
from coterie.audience.view import View
from tests.browser.conftest import watch
from tests.makers import make_person

OSLO = View(children=(Condition("default_city", "is", ("Oslo",)),))
LIMA = View(children=(Condition("default_city", "is", ("Lima",)),))
HOSTILE = "<img src=x onerror=alert(1)> مرحبا 🦊"


@pytest.fixture
def me(workspace, editor) -> Member:
    """The member who looks, with people in Oslo and Lima."""
    for name, city in (("Ada", "Oslo"), ("Bob", "Lima"), ("Cid", "Oslo")):
        make_person(workspace, default_name=name, default_city=city, plan="pro")
    return Member.objects.select_related("workspace").get(user=editor)


@pytest.fixture
def users(page, sign_in, editor, me) -> Page:
    """The Users page, open."""
    sign_in(page, editor)
    page.goto("/users")
    return page


def rows(page: Page):
    return page.locator(".who bdi")


def button(page: Page):
    return page.locator("#views-button")


def menu(page: Page):
    """The menu, opened."""
    button(page).click()
    expect(page.locator("#views-pop")).to_be_visible()
    return page.locator("#views-pop")


def said(page: Page):
    return page.locator("#toasts")


@pytest.mark.every_database
def test_a_view_is_saved_opened_changed_updated_and_taken_back(users):
    users.goto(f"/users?{OSLO.query}")
    menu(users).get_by_role("link", name="Save view").click()
    dialog = users.get_by_role("dialog", name="Save view")
    expect(dialog.get_by_label("Name")).to_be_focused()
    expect(dialog.get_by_label("Name")).to_have_value("City is Oslo")
    users.keyboard.type(HOSTILE)
    dialog.get_by_text("Whole team").click()
    dialog.get_by_role("button", name="Save").click()
    expect(said(users)).to_contain_text(f"View “{HOSTILE}” saved.")
    expect(button(users)).to_contain_text(HOSTILE)
    expect(users).to_have_title(re.compile(re.escape(f"{HOSTILE} · Users")))
    users.get_by_role("searchbox", name="Search users").fill("cid")
    expect(rows(users)).to_have_text(["Cid"])
    expect(button(users)).not_to_contain_text(HOSTILE)
    menu(users).get_by_role("button", name=f"Update “{HOSTILE}”").click()
    expect(said(users)).to_contain_text("lists what you see now.")
    expect(button(users)).to_contain_text(HOSTILE)
    assert "search=cid" in users.url
    said(users).get_by_role("button", name="Undo").last.click()
    expect(rows(users)).to_have_count(2)
    expect(button(users)).to_contain_text(HOSTILE)
    assert "search" not in users.url


def test_update_is_about_the_view_of_this_window_and_is_forgotten_when_another_list_is_chosen(users, me):
    kept.save(me, "Oslo", OSLO, shared=False)
    kept.save(me, "Lima", LIMA, shared=False)
    menu(users).get_by_role("link", name="Oslo").click()
    expect(rows(users)).to_have_count(2)
    other = users.context.new_page()
    other.goto(f"/users?{LIMA.query}")
    expect(button(other)).to_contain_text("Lima")
    other.close()
    users.get_by_role("searchbox", name="Search users").fill("ada")
    expect(rows(users)).to_have_count(1)
    expect(menu(users).get_by_role("button", name="Update “Oslo”")).to_be_visible()
    users.locator("#views-pop").get_by_role("link", name="Everybody").click()
    expect(rows(users)).to_have_count(3)
    users.get_by_role("searchbox", name="Search users").fill("ada")
    expect(rows(users)).to_have_count(1)
    expect(menu(users).get_by_role("link", name="Save view")).to_be_visible()
    expect(users.get_by_role("button", name=re.compile("^Update"))).to_have_count(0)


def test_the_keyboard_alone_opens_finds_and_chooses(users, me):
    for number in range(12):
        kept.save(me, f"View {number:02}", View(search=str(number)), shared=number % 2 == 0)
    kept.save(me, "Somebody in Oslo", OSLO, shared=True)
    users.keyboard.press("v")
    expect(users.get_by_role("searchbox", name="Find a view")).to_be_focused()
    users.keyboard.type("OSLO")
    expect(users.locator("#views-pop .list a:visible")).to_have_count(1)
    expect(users.get_by_role("heading", name="Your views")).to_be_hidden()
    users.keyboard.press("ArrowDown")
    expect(users.get_by_role("link", name="Somebody in Oslo")).to_be_focused()
    users.keyboard.press("ArrowUp")
    expect(users.get_by_role("searchbox", name="Find a view")).to_be_focused()
    users.keyboard.press("Enter")
    expect(rows(users)).to_have_count(2)
    expect(button(users)).to_contain_text("Somebody in Oslo")
    users.keyboard.press("v")
    expect(users.get_by_role("searchbox", name="Find a view")).to_be_focused()
    users.keyboard.press("Escape")
    expect(users.locator("#views-pop")).to_be_hidden()
    expect(button(users)).to_be_focused()


def test_the_focus_comes_back_to_the_button_after_the_dialog(users):
    menu(users).get_by_role("link", name="Save view").click()
    expect(users.get_by_label("Name", exact=True)).to_be_focused()
    users.keyboard.press("Escape")
    expect(button(users)).to_be_focused()


def test_a_name_that_is_taken_is_said_in_the_dialog(users, me, page_problems):
    kept.save(me, "Oslo", OSLO, shared=False)
    menu(users).get_by_role("link", name="Save view").click()
    dialog = users.get_by_role("dialog", name="Save view")
    dialog.get_by_label("Name").fill("OSLO")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is already a view called “OSLO”.")
    dialog.get_by_label("Name").fill("Everybody else")
    dialog.get_by_role("button", name="Save").click()
    expect(button(users)).to_contain_text("Everybody else")
    page_problems.clear()


def test_users_opens_with_the_chosen_view_from_wherever_one_comes(users, me):
    kept.save(me, "Oslo", OSLO, shared=False)
    users.goto("/users/views")
    users.get_by_role("switch", name="Open Users with Oslo").click()
    expect(said(users)).to_contain_text("Users opens with “Oslo” now.")
    expect(users.get_by_role("switch", name="Open Users with Oslo")).to_have_attribute("aria-checked", "true")
    expect(users.get_by_role("switch", name="Open Users with Oslo")).to_be_focused()
    users.goto("/segments")
    users.get_by_role("navigation", name="Main").get_by_role("link", name="Users").last.click()
    expect(rows(users)).to_have_count(2)
    assert users.url.endswith(f"/users?{OSLO.query}")
    menu(users).get_by_role("link", name="Everybody").click()
    expect(rows(users)).to_have_count(3)
    assert users.url.endswith("/users?match=all")
    users.reload()
    expect(rows(users)).to_have_count(3)


def test_an_applied_filter_is_a_recent_one(users):
    users.goto("/users/filter/apply?attribute=default_city&rule=is&value=Lima")
    expect(rows(users)).to_have_text(["Bob"])
    menu(users).get_by_role("link", name="Everybody").click()
    expect(rows(users)).to_have_count(3)
    menu(users).get_by_role("link", name="City is Lima").click()
    expect(rows(users)).to_have_text(["Bob"])


def test_a_view_is_renamed_shared_removed_and_brought_back_on_the_page(users, me):
    kept.save(me, "Oslo", OSLO, shared=False)
    menu(users).get_by_role("link", name="Manage").click()
    expect(users.get_by_role("heading", name="Views", level=1)).to_be_visible()
    users.get_by_role("link", name="Edit Oslo").click()
    dialog = users.get_by_role("dialog", name="Edit Oslo")
    dialog.get_by_label("Name").fill("Norway")
    dialog.get_by_text("Whole team").click()
    dialog.get_by_role("button", name="Save").click()
    row = users.get_by_role("row").filter(has_text="Norway")
    expect(row).to_contain_text("Whole team")
    users.get_by_role("button", name="Remove Norway").click()
    expect(users.get_by_text("No views yet")).to_be_visible()
    users.keyboard.press("z")
    expect(users.get_by_role("row").filter(has_text="Norway")).to_be_visible()
    users.get_by_role("navigation", name="You are here").get_by_role("link", name="Users").click()
    expect(rows(users)).to_have_count(3)


@pytest.fixture
def plain(browser: Browser, live_server_url, sign_in, editor, me, page_problems):
    """The Users page in a browser without JavaScript."""
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    watch(page, page_problems)
    sign_in(page, editor)
    page.goto(f"/users?{OSLO.query}")
    yield page
    context.close()


def test_without_script_everything_is_a_page_and_a_form(plain):
    button(plain).click()
    plain.get_by_role("link", name="Save view").click()
    plain.get_by_label("Name", exact=True).fill("Oslo")
    plain.get_by_label("Open Users with this view").check()
    plain.get_by_role("button", name="Save").click()
    expect(button(plain)).to_contain_text("Oslo")
    plain.goto("/users")
    expect(rows(plain)).to_have_count(2)
    button(plain).click()
    plain.get_by_role("link", name="Everybody").click()
    expect(rows(plain)).to_have_count(3)
    plain.goto(f"/users?{LIMA.query}")
    button(plain).click()
    expect(plain.get_by_role("link", name="City is Lima")).to_be_visible()
    plain.get_by_role("link", name="Edit Oslo").click()
    plain.get_by_label("Name", exact=True).fill("Peru")
    plain.get_by_label("Whole team").check()
    plain.get_by_label("List what you saw last instead").check()
    plain.get_by_role("button", name="Save").click()
    expect(said(plain)).to_contain_text("“Peru” was changed.")
    plain.get_by_role("button", name="Undo").click()
    expect(plain.get_by_role("row").filter(has_text="City is Oslo")).to_contain_text("Only you")
    plain.get_by_role("switch", name="Open Users with Oslo").click()
    expect(said(plain)).to_contain_text("Users opens with everybody now.")
    plain.get_by_role("button", name="Remove Oslo").click()
    plain.get_by_role("button", name="Undo").click()
    plain.get_by_role("rowheader", name="Oslo").get_by_role("link").click()
    expect(rows(plain)).to_have_count(2)


@pytest.fixture
def known(me, workspace) -> None:
    """Views of all kinds and a recent filter."""
    kept.save(me, HOSTILE, OSLO, shared=False)
    kept.open_with(me, kept.save(me, "A name that goes on and on " * 4, LIMA.sorted_by("-chats"), shared=True))
    kept.save(me, "Pro", View(children=(Condition("plan", "is", ("pro",)),)), shared=True)
    Attribute.objects.filter(workspace=workspace, key="plan").update(hidden=True)


@pytest.mark.parametrize("width", [1440, 390])
def test_it_can_be_used_by_everybody(users, known, axe, width, page_problems):
    users.set_viewport_size({"width": width, "height": 900})
    for address in (f"/users?{OSLO.query}", "/users?f=plan:is:pro"):
        users.goto(address)
        menu(users)
        assert (address, axe(users)) == (address, [])
    users.goto(f"/users?{OSLO.query}&search=a")
    menu(users).get_by_role("link", name="Save view").click()
    expect(users.get_by_label("Name", exact=True)).to_be_focused()
    assert axe(users) == []
    for address in (f"/users/views?view={OSLO.query}", f"/users/views/save?view={OSLO.query}"):
        users.goto(address)
        assert (address, axe(users)) == (address, [])
    users.goto(f"/users/views?view={OSLO.query}")
    users.get_by_role("button", name="Remove Pro").click()
    expect(said(users)).to_contain_text("View “Pro” removed.")
    users.get_by_role("link", name=re.compile("Edit A name")).click()
    expect(users.get_by_label("Name", exact=True)).to_be_focused()
    assert axe(users) == []
    page_problems.clear()


def test_on_a_phone_the_menu_and_the_page_fit_the_window(users, known):
    users.set_viewport_size({"width": 390, "height": 844})
    users.goto(f"/users?{LIMA.sorted_by('-chats').query}")
    expect(button(users)).to_contain_text("A name that goes on")
    assert users.evaluate("document.scrollingElement.scrollWidth") <= 390
    box = menu(users).bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    assert box["y"] + box["height"] <= 844
    users.goto("/users/views")
    assert users.evaluate("document.scrollingElement.scrollWidth") <= 390
    expect(users.get_by_role("switch").first).to_be_visible()
    expect(users.get_by_role("button", name=re.compile("^Remove")).first).to_be_visible()


def test_a_viewer_has_views_of_their_own_and_changes_none_of_the_team(page, sign_in, viewer, known, axe):
    sign_in(page, viewer)
    page.goto(f"/users?{OSLO.query}")
    menu(page).get_by_role("link", name="Save view").click()
    dialog = page.get_by_role("dialog", name="Save view")
    expect(dialog.get_by_text("Whole team")).to_have_count(0)
    dialog.get_by_role("button", name="Save").click()
    expect(button(page)).to_contain_text("City is Oslo")
    page.goto("/users/views")
    expect(page.get_by_role("link", name=re.compile("^Edit"))).to_have_count(1)
    expect(page.get_by_text(HOSTILE)).to_have_count(0)
    assert axe(page) == []
