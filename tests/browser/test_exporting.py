"""Export and selection in a real browser: the dialog, downloads from Activity, selections over several pages."""

import datetime as dt

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from coterie.bulk.selection import Selection
from coterie.core.clock import now
from coterie.jobs.running import LEASE, rows
from coterie.jobs.worker import run
from coterie.journal.commit import commit
from coterie.journal.models import Operation, State
from coterie.people.changes import create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.membership import sizes
from coterie.transfers.export import Form
from coterie.transfers.exporting import queue_export
from tests.browser.conftest import watch
from tests.conftest import PASSWORD
from tests.makers import put_in


@pytest.fixture
def people(workspace) -> list[Person]:
    """120 people, every second in Oslo, newest first by number: three pages."""
    moment = now()
    made = [
        Person(
            user_id=f"b{number}",
            attributes={"default_name": f"Person {number:03}", "default_city": "Oslo" if number % 2 else "Lima"},
            last_seen=moment - dt.timedelta(minutes=number + 2),
            created_at=moment - dt.timedelta(days=number),
        )
        for number in range(120)
    ]
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


def pick(page: Page, *numbers: int) -> None:
    for number in numbers:
        page.get_by_role("checkbox", name=f"Select Person {number:03}").check()


def to_next_page(page: Page, shows: str) -> None:
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.get_by_text(f"Showing {shows}")).to_be_visible()


def lines_of(download) -> int:
    return download.value.path().read_bytes().count(b"\r\n")


def test_the_selection_is_exported_by_shift_e(users):
    pick(users, 1, 2, 3)
    users.keyboard.press("Shift+E")
    dialog = users.get_by_role("dialog", name="Export 3 people?")
    expect(dialog.get_by_role("radio", name="CSV")).to_be_focused()
    with users.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert lines_of(download) == 4
    expect(dialog).to_be_hidden()
    expect(bar(users)).to_contain_text("3 selected.")


def test_all_who_match_are_exported_by_shift_e_with_the_columns_of_the_list(users):
    users.goto("/users?f=default_city:is:Oslo&columns=default_city")
    users.keyboard.press("Shift+E")
    dialog = users.get_by_role("dialog", name="Export 60 people?")
    expect(dialog.get_by_text("Who: City is Oslo.")).to_be_visible()
    dialog.get_by_role("radio", name="The 2 columns of the list").check()
    with users.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert download.value.path().read_text().splitlines()[0] == '"Name","City"'
    assert lines_of(download) == 61


def test_options_of_spreadsheets_show_for_spreadsheets_only(users):
    users.get_by_role("link", name="Export all").click()
    dialog = users.get_by_role("dialog", name="Export 120 people?")
    excel, raw = dialog.get_by_text("For Excel"), dialog.get_by_text("Leave formulas as they are")
    for kind, shown in {"XLSX": (False, True), "Parquet": (False, False), "CSV": (True, True)}.items():
        dialog.get_by_text(kind, exact=True).click()
        assert (kind, excel.is_visible(), raw.is_visible()) == (kind, *shown)


def test_a_wrong_password_is_said_and_the_choices_stay(users, page_problems):
    users.get_by_role("link", name="Export all").click()
    dialog = users.get_by_role("dialog", name="Export 120 people?")
    dialog.get_by_text("XLSX", exact=True).click()
    dialog.get_by_label("Your password").fill("guess")
    dialog.get_by_role("button", name="Download").click()
    expect(users.get_by_text("This is not your password.")).to_be_visible()
    expect(users.get_by_role("radio", name="XLSX")).to_be_checked()
    users.get_by_label("Your password").fill(PASSWORD)
    with users.expect_download() as download:
        users.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page_problems.clear()


def test_a_segment_is_exported_from_its_page(users, people, workspace):
    segment = create(workspace, "Early birds", "test")
    put_in(workspace, "test", [segment.id], [person.id for person in people[:7]])
    users.goto("/segments")
    users.get_by_role("link", name="Export Early birds").click()
    dialog = users.get_by_role("dialog", name="Export 7 people?")
    with users.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.startswith("early-birds-")
    assert lines_of(download) == 8


def export_of_everybody(workspace) -> Operation:
    operation = queue_export(workspace, "x", Selection.of_filter(None), Form(), "everybody")
    rows(operation).update(state=State.RUNNING, worker="w", leased_until=now() + LEASE)
    run(rows(operation).get(), "w")
    return operation


@pytest.mark.every_database
def test_a_file_made_in_the_background_is_downloaded_from_activity(users, workspace):
    label = export_of_everybody(workspace).label
    users.goto("/activity")
    with users.expect_download() as download:
        users.get_by_role("link", name=f"Download {label}").click()
    assert lines_of(download) == 121
    with users.expect_download() as manifest:
        users.get_by_role("link", name=f"Manifest {label}").click()
    assert '"people": 120' in manifest.value.path().read_text()


def test_activity_is_narrowed_down_by_tab_and_person(users, workspace):
    export_of_everybody(workspace)
    Operation.objects.create(workspace=workspace, kind="set", label="Broken one", actor="y", state=State.FAILED)
    users.goto("/activity")
    users.get_by_role("link", name="Failed 1").click()
    expect(users.get_by_role("heading", name="Broken one")).to_be_visible()
    expect(users.get_by_role("heading", name="Export 120 people")).to_have_count(0)
    users.get_by_label("Who").select_option("x")
    expect(users.get_by_text("There is nothing of that sort.")).to_be_visible()
    users.get_by_role("link", name="Show everything").click()
    expect(users.get_by_role("heading", name="Export 120 people")).to_be_visible()


def test_a_selection_by_hand_goes_along_from_page_to_page(users, workspace):
    segment = create(workspace, "Friends", "test")
    pick(users, 1, 2)
    to_next_page(users, "51–100")
    expect(bar(users)).to_contain_text("2 selected, 2 on other pages.")
    pick(users, 60)
    expect(bar(users)).to_contain_text("3 selected, 2 on other pages.")
    users.get_by_role("link", name="Previous page").click()
    expect(users.get_by_role("checkbox", name="Select Person 002")).to_be_checked()
    expect(bar(users)).to_contain_text("3 selected, 1 on other pages.")
    users.get_by_role("checkbox", name="Select Person 002").uncheck()
    users.get_by_label("Sort by").select_option("createdAt")
    expect(users.locator(".who bdi").first).to_have_text("Person 119")
    expect(bar(users)).to_contain_text("2 selected, 2 on other pages.")
    users.keyboard.press("s")
    dialog = users.get_by_role("dialog", name="Save 2 people to segments")
    dialog.get_by_role("checkbox", name="Friends").check()
    dialog.get_by_role("button", name="Confirm").click()
    expect(users.get_by_text("2 people added to Friends.")).to_be_visible()
    expect(bar(users)).to_be_hidden()
    assert sizes(workspace, [segment.id]) == {segment.id: 2}
    users.reload()
    expect(bar(users)).to_be_hidden()


def test_it_is_cleared_as_a_whole(users):
    pick(users, 1, 2)
    to_next_page(users, "51–100")
    bar(users).get_by_role("button", name="Clear").click()
    expect(bar(users)).to_be_hidden()
    users.get_by_role("link", name="Previous page").click()
    expect(users.get_by_role("checkbox", name="Select Person 001")).not_to_be_checked()


def test_another_filter_has_another_selection(users):
    pick(users, 1)
    users.goto("/users?f=default_city:is:Lima")
    expect(users.get_by_text("60 of 120 people")).to_be_visible()
    expect(bar(users)).to_be_hidden()
    users.goto("/users")
    expect(bar(users)).to_contain_text("1 selected.")


def test_all_who_match_but_for_some_goes_along_too(users, workspace):
    users.goto("/users?f=default_city:is:Oslo")
    users.get_by_role("checkbox", name="Select all 50 on this page").check()
    bar(users).get_by_role("button", name="Select all 60 matching").click()
    users.get_by_role("checkbox", name="Select Person 003").uncheck()
    to_next_page(users, "51–60")
    expect(bar(users)).to_contain_text("59 selected.")
    expect(users.get_by_role("checkbox", name="Select Person 119")).to_be_checked()
    users.get_by_role("checkbox", name="Select Person 119").uncheck()
    expect(bar(users)).to_contain_text("58 selected.")
    users.keyboard.press("Shift+E")
    dialog = users.get_by_role("dialog", name="Export 58 people?")
    expect(dialog.get_by_text("City is Oslo, without 2 people.")).to_be_visible()


def test_selecting_by_keyboard_rows_a_range_the_page_and_all(users):
    users.locator("#main").focus()
    for key in ("j", "x", "j", "j", "Shift+X"):
        users.keyboard.press(key)
    expect(bar(users)).to_contain_text("3 selected.")
    users.keyboard.press("Control+a")
    expect(bar(users)).to_contain_text("All 50 on this page selected.")
    users.get_by_role("button", name="Select all 120 matching").press("Enter")
    expect(bar(users)).to_contain_text("All 120 matching selected.")
    users.keyboard.press("Escape")
    expect(bar(users)).to_be_hidden()


def test_on_a_phone_the_page_and_all_who_match_can_be_selected(users):
    users.set_viewport_size({"width": 390, "height": 844})
    pick(users, 1)
    bar(users).get_by_role("button", name="Select the page").click()
    expect(bar(users)).to_contain_text("All 50 on this page selected.")
    expect(bar(users).get_by_role("button", name="Select the page")).to_be_hidden()
    bar(users).get_by_role("button", name="Select all 120 matching").click()
    expect(bar(users)).to_contain_text("All 120 matching selected.")
    assert users.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1440, 390])
def test_dialog_and_activity_can_be_used_by_everybody(users, axe, workspace, width):
    users.set_viewport_size({"width": width, "height": 900})
    users.get_by_role("link", name="Export all").click()
    expect(users.get_by_role("dialog", name="Export 120 people?")).to_be_visible()
    assert axe(users) == []
    export_of_everybody(workspace)
    for address in ("/users/export/confirm", "/activity", "/activity?show=failed"):
        users.goto(address)
        assert (address, axe(users)) == (address, [])
        assert users.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_the_dialog_is_a_page(browser: Browser, live_server_url, sign_in, owner, people, workspace):
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page, problems = context.new_page(), []
    watch(page, problems)
    sign_in(page, owner)
    page.goto("/users?f=default_city:is:Oslo")
    page.get_by_role("link", name="Export all").click()
    expect(page.get_by_role("heading", name="Export 60 people?")).to_be_visible()
    page.get_by_text("JSON Lines", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_bytes().count(b"\n") == 60
    page.goto("/users")
    pick(page, 3)
    page.get_by_role("button", name="Export selected users").click()
    expect(page.get_by_role("heading", name="Export 1 person?")).to_be_visible()
    export_of_everybody(workspace)
    page.goto("/activity")
    page.get_by_label("Who").select_option("x")
    page.get_by_role("button", name="Show", exact=True).click()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download").click()
    assert lines_of(kept) == 121
    context.close()
    assert not problems
