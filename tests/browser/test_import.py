"""Import in a real browser: from a file to people and back; without a script; on a phone; for everybody."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from coterie.jobs.running import rows
from coterie.journal.models import Operation, State
from coterie.people.models import Person
from coterie.transfers import importer
from tests.makers import make_person

HOSTILE = '<img src=x onerror="alert(1)"> مرحبا 🦊'
CSV = (
    f'e-mail,full_name,joined,"{HOSTILE.replace(chr(34), chr(34) * 2)}",guests\n'
    f"noor@example.test,Noor,03/11/2025,<script>alert(2)</script>,1\n"
    "bea@example.test,Bea,04/11/2025,,2\n"
    ",Nobody,05/11/2025,,3\n"
)


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "tasting.csv"
    path.write_text(CSV)
    return path


@pytest.fixture
def start(page, sign_in, admin, workspace) -> Page:
    """The Users page, open, with somebody who is in the file, too."""
    make_person(workspace, default_name="N.", default_email="noor@example.test")
    sign_in(page, admin)
    page.goto("/users")
    return page


def upload(page: Page, file: Path) -> None:
    page.goto("/import")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(re.compile(r"/import/[0-9a-f]{32}$"))


def effect(page: Page):
    return page.locator("#import-effect")


@pytest.mark.every_database
def test_from_a_file_to_people_and_back(start, file, workspace):
    page = start
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="What is in tasting.csv?")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^e-mail"))).to_contain_text("Matches people")
    expect(effect(page)).to_have_text("1 new person, 1 person changes.")
    # A changed column is read anew at once, and the keyboard stays where it was.
    page.get_by_label("joined goes to").focus()
    page.get_by_label("joined goes to").select_option(label="First seen")
    expect(effect(page)).to_have_text("Every row is rejected. Look at the reasons.")
    expect(page.get_by_label("joined goes to")).to_be_focused()
    page.get_by_label("Read joined as").select_option(label="3 Nov: day first")
    expect(effect(page)).to_have_text("1 new person, 1 person changes.")
    expect(page.get_by_role("region", name="Preview", exact=True)).to_contain_text("2025-11-03 00:00 UTC")
    page.get_by_label("guests goes to").select_option(label="Leave out")
    expect(page.get_by_role("row", name=re.compile("^guests"))).to_contain_text("Left out")
    page.get_by_label("Find or name a segment").fill("Tasting")
    page.get_by_label("Find or name a segment").press("Enter")
    expect(effect(page)).to_have_text("1 new person, 1 person changes, 2 join Tasting.")
    page.get_by_role("button", name="Import people").click()
    expect(page.locator("#toasts")).to_contain_text("tasting.csv was imported.")
    expect(page.locator("#import-run .tally").first).to_contain_text(re.compile(r"new\s*1\s*changed\s*1"))
    expect(page.get_by_text("the row has neither a user id nor an e-mail address.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="All as CSV").click()
    assert ",Nobody," in download.value.path().read_text()
    page.get_by_role("link", name="Tasting").click()
    expect(page.locator(".who bdi")).to_have_count(2)
    page.go_back()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#import-run header").first).to_contain_text("Undone")
    assert [person.attributes["default_name"] for person in Person.objects.filter(workspace=workspace)] == ["N."]
    page.get_by_role("link", name="Activity").last.click()
    expect(page.locator("#activity")).to_contain_text("Import tasting.csv")


def test_what_is_hostile_is_text(start, file):
    upload(start, file)
    expect(start.get_by_role("rowheader", name=HOSTILE)).to_be_visible()
    expect(start.get_by_role("region", name="Preview", exact=True)).to_contain_text("<script>alert(2)</script>")
    assert start.locator("main img, main script").count() == 0


def test_a_column_becomes_a_new_attribute_under_another_name(start, file, workspace):
    upload(start, file)
    name = start.get_by_label("Name of the attribute for guests")
    name.fill("party size")
    name.press("Tab")
    start.get_by_label("Type of the attribute for guests").select_option(label="Text")
    expect(start.get_by_role("region", name="Preview", exact=True)).to_contain_text("party size")
    start.get_by_label("joined goes to").select_option(label="Leave out")
    expect(start.get_by_role("row", name=re.compile("^joined"))).to_contain_text("Left out")
    start.get_by_role("button", name="Import people").click()
    expect(start.locator("#toasts")).to_contain_text("was imported")
    found = {p.attributes["default_email"]: p for p in Person.objects.filter(workspace=workspace)}
    assert found["bea@example.test"].attributes["party size"] == "2"


def test_a_touched_field_says_what_the_server_says(start, tmp_path):
    path = tmp_path / "semi.csv"
    path.write_text("email;Name\na@example.test;Ada\n")
    upload(start, path)
    start.get_by_label("email goes to").select_option(label="Username")
    expect(start.get_by_role("alert")).to_contain_text("No column tells who a row is about")
    start.get_by_text("How the file is read").click()
    start.get_by_label("Between two cells").select_option(label=",")
    # There is one column now, called otherwise, and its guess is another.
    expect(start.get_by_role("rowheader", name="email;Name")).to_be_visible()
    expect(start.get_by_label("email;Name goes to")).to_have_value("+")
    start.get_by_label("Between two cells").select_option(label="Found out")
    expect(start.get_by_label("email goes to")).to_have_value("default_email")
    expect(effect(start)).to_have_text("1 new person.")


def test_a_file_that_is_none_is_said_in_place(start, tmp_path, page_problems):
    path = tmp_path / "empty.csv"
    path.write_text(" \n")
    start.goto("/import")
    start.get_by_label("File", exact=True).set_input_files(path)
    start.get_by_role("button", name="Upload").click()
    expect(start.get_by_role("alert")).to_contain_text("empty.csv: The file is empty")
    expect(start.get_by_role("button", name="Upload")).to_be_enabled()
    page_problems.clear()  # 422 is an answer that browsers write down.


def test_a_file_that_is_dropped_is_sent(start, file):
    start.goto("/import")
    data = start.evaluate_handle(
        "text => { const data = new DataTransfer();"
        " data.items.add(new File([text], 'dropped.csv', { type: 'text/csv' })); return data; }",
        CSV,
    )
    start.dispatch_event(".drop-file", "drop", {"dataTransfer": data})
    expect(start.get_by_role("heading", name="What is in dropped.csv?")).to_be_visible()


def test_an_upload_that_breaks_off_can_be_sent_again(start, file, page_problems):
    start.goto("/import")
    start.route("**/import", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    start.get_by_label("File", exact=True).set_input_files(file)
    start.get_by_role("button", name="Upload").click()
    expect(start.get_by_role("alert")).to_contain_text("The upload broke off. Nothing was imported")
    start.unroute("**/import")
    start.get_by_role("button", name="Upload").click()
    expect(start.get_by_role("heading", name="What is in tasting.csv?")).to_be_visible()
    page_problems.clear()


def test_all_of_it_works_without_a_script(browser, live_server_url, sign_in, admin, workspace, file):
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, admin)
    upload(page, file)
    expect(effect(page)).to_have_text("2 new people.")
    page.get_by_label("joined goes to").select_option(label="Leave out")
    page.get_by_label("Create new segment").fill("Tasting")
    page.get_by_role("button", name="Check again").last.click()
    expect(effect(page)).to_have_text("2 new people, 2 join Tasting.")
    page.get_by_role("button", name="Import people").click()
    expect(page.locator("#import-run")).to_contain_text("2 people were created")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#import-run")).to_contain_text("Undone")
    assert not Person.objects.filter(workspace=workspace).exists()
    context.close()


def test_a_large_file_is_checked_and_imported_while_one_looks(start, tmp_path, workspace):
    path = tmp_path / "many.csv"
    lines = "".join(f"p{number}@example.test,Person {number}\n" for number in range(25_000))
    path.write_text("email,Name\n" + lines)
    assert path.stat().st_size > importer.AT_ONCE
    upload(start, path)
    expect(start.get_by_role("heading", name="Checking the file")).to_be_visible()
    expect(start.get_by_role("button", name="Import people")).to_be_disabled()
    work(workspace)
    expect(effect(start)).to_have_text("25,000 new people.")
    start.get_by_role("button", name="Import people").click()
    expect(start.locator("#import-run")).to_contain_text("It begins as soon as a worker is free.")
    start.get_by_role("button", name="Pause").click()
    expect(start.locator("#import-run header").first).to_contain_text("Paused")
    start.get_by_role("button", name="Resume").click()
    expect(start.locator("#import-run header").first).to_contain_text("Waiting")
    work(workspace)
    expect(start.locator("#import-run header").first).to_contain_text("Done")
    expect(start.locator("#import-run")).to_contain_text("25,000 people were created")


def work(workspace) -> None:
    """What a worker would do: the server of the tests has none."""
    from coterie.jobs.worker import run, worker_name

    for row in Operation.objects.filter(workspace=workspace, state=State.QUEUED).order_by("id"):
        name = worker_name()
        rows(row).update(state=State.RUNNING, worker=name)
        run(rows(row).get(), name)


def test_everybody_can_use_the_pages(start, file, axe):
    start.goto("/import")
    assert axe(start) == []
    upload(start, file)
    start.get_by_label("joined goes to").select_option(label="First seen")
    expect(start.get_by_label("Read joined as")).to_be_visible()
    start.get_by_text("How the file is read").click()
    assert axe(start) == []
    start.get_by_label("Read joined as").select_option("dmy")
    expect(effect(start)).to_contain_text("1 new person")
    start.get_by_role("button", name="Import people").click()
    expect(start.locator("#import-run header").first).to_contain_text("Done")
    assert axe(start) == []


def test_it_fits_on_a_phone(start, file, axe):
    start.set_viewport_size({"width": 390, "height": 844})
    start.goto("/import")
    wide = "document.documentElement.scrollWidth"
    assert start.evaluate(wide) <= 390
    upload(start, file)
    assert start.evaluate(wide) <= 390
    box = start.get_by_label("e-mail goes to").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert axe(start) == []
    start.get_by_role("button", name="Import people").click()
    expect(start.locator("#import-run header").first).to_contain_text("Done")
    assert start.evaluate(wide) <= 390
