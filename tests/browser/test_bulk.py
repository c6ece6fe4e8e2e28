"""Bulk work in a real browser: the effect first, Undo, Activity, keys, without script, accessibility."""

import datetime as dt

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.journal.models import Operation, State
from coterie.people.attributes import catalogue_keys
from coterie.people.changes import create_people
from coterie.people.models import Person
from tests.browser.conftest import watch


@pytest.fixture
def people(workspace) -> list[Person]:
    """55 people with a plan, newest first by number."""
    moment = now()
    made = [
        Person(
            user_id=f"b{number}",
            attributes={"default_name": f"Person {number:02}", "plan": "free"},
            last_seen=moment - dt.timedelta(minutes=number),
            created_at=moment - dt.timedelta(days=number),
        )
        for number in range(55)
    ]
    catalogue_keys(workspace.pk, [person.attributes for person in made])
    commit(workspace.pk, "test", lambda tx: create_people(tx, made))
    return made


@pytest.fixture
def users(page, sign_in, owner, people) -> Page:
    """The Users page, open."""
    sign_in(page, owner)
    page.goto("/users")
    return page


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Selected users")


def choose(page: Page, action: str) -> None:
    """An action of the bar's menu."""
    bar(page).get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def banned(workspace) -> int:
    return Person.objects.filter(workspace=workspace, banned=True).count()


def test_two_people_are_banned_and_it_is_undone_from_the_message(users, workspace):
    for name in ("Person 01", "Person 02"):
        users.get_by_role("checkbox", name=f"Select {name}").check()
    choose(users, "Ban")
    dialog = users.get_by_role("dialog", name="Ban 2 people")
    expect(dialog).to_contain_text("Changes 2 people")
    dialog.get_by_role("button", name="Ban").click()
    expect(users.get_by_text("2 people banned.")).to_be_visible()
    expect(dialog).to_be_hidden()
    assert banned(workspace) == 2
    users.get_by_role("button", name="Undo").click()
    expect(users.get_by_text("Undone: 2 people are as before.")).to_be_visible()
    assert "/users?match=all" in users.url
    assert banned(workspace) == 0


@pytest.mark.every_database
def test_all_who_match_but_for_two_get_a_value_which_activity_shows_and_undoes(users, workspace):
    users.get_by_role("checkbox", name="Select all 50 on this page").check()
    users.get_by_role("button", name="Select all 55 matching").click()
    for name in ("Person 03", "Person 04"):
        users.get_by_role("checkbox", name=f"Select {name}").uncheck()
    expect(bar(users)).to_contain_text("53 selected.")
    choose(users, "Set an attribute")
    dialog = users.get_by_role("dialog", name="Set an attribute of 53 people")
    dialog.get_by_label("Attribute").select_option("plan")
    dialog.get_by_label("Value").fill("club")
    expect(dialog).to_contain_text("Changes 53 people (53 have another value now)")
    dialog.get_by_role("button", name="Confirm").click()
    expect(users.get_by_text("53 people changed.")).to_be_visible()
    free = Person.objects.filter(workspace=workspace, attributes__plan="free")
    assert sorted(person.user_id for person in free) == ["b3", "b4"]

    users.get_by_role("link", name="Activity").click()
    line = users.get_by_role("listitem").filter(has_text="Set plan of 53 people to club")
    expect(line).to_contain_text("53 people changed")
    line.get_by_role("button", name="Undo").click()
    expect(users.get_by_text("Undone: 53 people are as before.")).to_be_visible()
    expect(users.get_by_text("undone by")).to_be_visible()
    assert free.all().count() == 55


def test_unticking_everybody_ends_the_selection_of_all(users):
    users.get_by_role("checkbox", name="Select all 50 on this page").check()
    users.get_by_role("button", name="Select all 55 matching").click()
    users.locator("#pick-all").uncheck()
    expect(bar(users)).to_be_hidden()
    users.get_by_role("checkbox", name="Select Person 01").check()
    expect(bar(users)).to_contain_text("1 selected.")


def test_a_value_that_does_not_fit_is_said_in_the_dialog(users):
    users.get_by_role("checkbox", name="Select Person 01").check()
    choose(users, "Set an attribute")
    dialog = users.get_by_role("dialog")
    dialog.get_by_label("Attribute").select_option("plan")
    dialog.get_by_label("Value").fill("x" * 1025)
    expect(dialog.get_by_text("at most 1,024")).to_be_visible()


def test_the_keyboard_alone_bans_undoes_and_goes_to_activity(users, workspace):
    users.locator("#main").focus()
    for key in ("j", "x", "j", "x"):
        users.keyboard.press(key)
    expect(bar(users)).to_contain_text("2 selected.")
    bar(users).get_by_role("button", name="More").focus()
    users.keyboard.press("Enter")
    users.get_by_role("menuitem", name="Ban", exact=True).press("Enter")
    expect(users.get_by_role("dialog").get_by_role("button", name="Ban")).to_be_focused()
    users.keyboard.press("Enter")
    expect(users.get_by_text("2 people banned.")).to_be_visible()
    users.goto("/users?f=banned:is_true")
    users.keyboard.press("z")
    expect(users.get_by_text("Undone: 2 people are as before.")).to_be_visible()
    assert users.url.endswith("/users?f=banned:is_true")
    assert banned(workspace) == 0
    users.wait_for_load_state()
    users.keyboard.press("g")
    users.keyboard.press("j")
    expect(users.get_by_role("heading", name="Activity", level=1)).to_be_visible()


def test_activity_refreshes_itself_until_nothing_runs(users, workspace):
    row = Operation.objects.create(
        workspace=workspace, kind="set", label="Slow one", actor="x", state=State.RUNNING, total=10, done=1, seconds=1
    )
    users.goto("/activity")
    expect(users.get_by_text("1 of 10")).to_be_visible()
    users.get_by_role("button", name="Pause Slow one").focus()
    Operation.objects.filter(id=row.id).update(done=5)
    expect(users.get_by_text("5 of 10")).to_be_visible()
    expect(users.get_by_role("button", name="Pause Slow one")).to_be_focused()
    Operation.objects.filter(id=row.id).update(state=State.DONE, done=10)
    expect(users.get_by_text("Nothing is running")).to_be_visible()
    expect(users.locator("[hx-trigger='every 2s']")).to_have_count(0)


def test_without_script_it_is_done_in_whole_pages(browser: Browser, live_server_url, sign_in, owner, people, workspace):
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page, problems = context.new_page(), []
    watch(page, problems)
    sign_in(page, owner)
    page.goto("/users")
    page.get_by_role("checkbox", name="Select Person 03").check()
    page.get_by_role("button", name="Delete").click()
    page.get_by_label("To go on, type 1").fill("1")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("1 person deleted.")).to_be_visible()
    assert Person.objects.filter(workspace=workspace).count() == 54
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: 1 person is as before.")).to_be_visible()
    assert Person.objects.filter(workspace=workspace).count() == 55
    context.close()
    assert not problems


@pytest.mark.parametrize("width", [1440, 390])
def test_it_can_be_used_by_everybody(users, axe, workspace, width):
    users.set_viewport_size({"width": width, "height": 900})
    for state in (State.RUNNING, State.DONE, State.FAILED, State.UNDONE, State.CANCELLED):
        Operation.objects.create(workspace=workspace, kind="set", label=f"One {state}", actor="x", state=state, total=9)
    users.goto("/activity")
    assert axe(users) == []
    assert users.evaluate("document.documentElement.scrollWidth") <= width
    users.goto("/users")
    users.get_by_role("checkbox", name="Select Person 00").check()
    bar(users).get_by_role("button", name="More").click()
    assert axe(users) == []
    users.get_by_role("menuitem", name="Delete", exact=True).click()
    expect(users.get_by_role("dialog", name="Delete 1 person")).to_be_visible()
    assert axe(users) == []
    users.keyboard.press("Escape")
    choose(users, "Set an attribute")
    expect(users.get_by_role("dialog", name="Set an attribute of 1 person")).to_be_visible()
    assert axe(users) == []
    Operation.objects.filter(workspace=workspace).update(state=State.DONE)
