"""The columns of the list in a real browser: choosing, ordering, keeping; density and rows; wide and narrow windows."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.attributes import catalogue_keys
from coterie.people.changes import create_people
from coterie.people.models import Person
from tests.browser.conftest import watch

WIDE = (
    "default_email,default_username,userId,default_language,default_city,default_region,default_country,chats,lastSeen,\
createdAt,default_timezone,default_ip,plan,segment,banned"
)


@pytest.fixture
def people(workspace) -> list[Person]:
    moment = now()
    made = [
        Person(
            user_id=f"c{number}",
            attributes={
                "default_name": f"Person {number:02}",
                "default_city": "Oslo",
                "default_email": f"p{number}@mail.example",
                "plan": "pro",
                "favourite colour": "a rather long shade of blue",
            },
            last_seen=moment - dt.timedelta(minutes=number + 2),
            created_at=moment - dt.timedelta(days=number),
            chats=number,
        )
        for number in range(60)
    ]
    catalogue_keys(workspace.pk, [person.attributes for person in made])
    commit(workspace.pk, "test", lambda tx: create_people(tx, made))
    return made


@pytest.fixture
def users(page, sign_in, owner, people) -> Page:
    sign_in(page, owner)
    page.goto("/users")
    return page


def heads(page: Page) -> list[str]:
    """Keys of the columns after the name, once the list is there."""
    # Without script a click ends when the next page begins to arrive.
    page.wait_for_load_state("domcontentloaded")
    expect(page.locator("thead th a[id^=sort-]").first).to_be_attached()
    ids = page.locator("thead th a[id^=sort-]").evaluate_all("links => links.map(link => link.id)")
    return [one.removeprefix("sort-") for one in ids][1:]


STANDARD = ["default_email", "lastSeen", "createdAt", "default_location", "chats", "segment"]


def chooser(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Choose columns")


def opened(page: Page) -> Locator:
    page.get_by_role("link", name="Choose columns").click()
    expect(chooser(page).get_by_role("searchbox", name="Find a column")).to_be_focused()
    return chooser(page)


def expect_heads(page: Page, keys: list[str]) -> None:
    """Waits until these are the columns."""
    place = "thead th a[id^=sort-]"
    for number, key in enumerate(keys):
        expect(page.locator(place).nth(number + 1)).to_have_id(f"sort-{key}")
    expect(page.locator(place)).to_have_count(len(keys) + 1)
    assert heads(page) == keys


def test_a_column_is_found_ticked_and_unticked(users):
    pop = opened(users)
    users.keyboard.type("colour")
    expect(pop.locator("li:visible")).to_have_count(1)
    pop.get_by_role("checkbox", name="favourite colour").check()
    expect_heads(users, [*STANDARD, "favourite colour"])
    expect(users.locator("tbody tr").first).to_contain_text("a rather long shade of blue")
    assert users.url.endswith("/users?columns=" + ",".join([*STANDARD, "favourite%20colour"]))
    expect(pop).to_be_visible()
    pop.get_by_role("searchbox").fill("")
    pop.get_by_role("checkbox", name="First seen").uncheck()
    expect_heads(users, ["default_email", "lastSeen", "default_location", "chats", "segment", "favourite colour"])
    expect(pop.locator("output")).to_have_text(re.compile(r"^7 of \d+ shown$"))
    pop.get_by_role("button", name="Done").click()
    expect(pop).to_be_hidden()
    expect(users.get_by_role("link", name="Choose columns")).to_be_focused()


def test_looking_for_a_column_changes_nothing(users):
    pop = opened(users)
    users.keyboard.type("plan")
    asked = []
    users.on("request", lambda request: asked.append(request.method) if "/users/layout" in request.url else None)
    pop.get_by_role("button", name="Done").click()
    users.wait_for_timeout(300)
    assert asked == []
    assert users.url.endswith("/users")


def test_the_key_c_opens_it_and_escape_closes_it(users):
    users.keyboard.press("c")
    expect(chooser(users).get_by_role("searchbox")).to_be_focused()
    users.keyboard.type("banned")
    users.keyboard.press("ArrowDown")
    users.keyboard.press("Space")
    expect_heads(users, [*STANDARD, "banned"])
    users.keyboard.press("Escape")
    expect(chooser(users)).to_be_hidden()


def test_what_was_chosen_is_kept_after_a_reload_and_elsewhere(users):
    pop = opened(users)
    pop.get_by_role("checkbox", name="Email").uncheck()
    expect_heads(users, STANDARD[1:])
    users.reload()
    assert heads(users) == STANDARD[1:]
    users.goto("/users?f=default_city:is:Oslo")
    assert heads(users) == STANDARD[1:]


def test_the_order_is_changed_by_buttons(users):
    pop = opened(users)
    pop.get_by_role("button", name="Move Last seen up").click()
    expect_heads(users, ["lastSeen", "default_email", *STANDARD[2:]])
    expect(pop.get_by_role("button", name="Move Last seen up")).to_be_focused()
    pop.get_by_role("button", name="Move Chats down").click()
    expect_heads(users, ["lastSeen", "default_email", "createdAt", "default_location", "segment", "chats"])


def test_the_order_is_changed_by_alt_and_an_arrow(users):
    pop = opened(users)
    pop.get_by_role("checkbox", name="Last seen").focus()
    users.keyboard.press("Alt+ArrowUp")
    expect_heads(users, ["lastSeen", "default_email", *STANDARD[2:]])
    expect(pop.get_by_role("checkbox", name="Last seen")).to_be_focused()
    users.keyboard.press("Alt+ArrowUp")  # It is the first already.
    users.keyboard.press("Alt+ArrowDown")
    users.keyboard.press("Alt+ArrowDown")
    expect_heads(users, ["default_email", "createdAt", "lastSeen", *STANDARD[3:]])


def test_the_order_is_changed_by_dragging(users):
    pop = opened(users)
    shown = pop.locator("ol li")
    shown.filter(has_text="Chats").drag_to(shown.filter(has_text="Email"), target_position={"x": 40, "y": 2})
    expect_heads(users, ["chats", "default_email", "lastSeen", "createdAt", "default_location", "segment"])
    # Nothing can stand before the name.
    shown.filter(has_text="Segment").drag_to(shown.first, target_position={"x": 40, "y": 2})
    expect_heads(users, ["segment", "chats", "default_email", "lastSeen", "createdAt", "default_location"])
    expect(shown.first).to_contain_text("Name")


def test_reset_brings_the_standard_back(users):
    pop = opened(users)
    pop.get_by_role("checkbox", name="Email").uncheck()
    pop.get_by_role("checkbox", name="plan").check()
    expect_heads(users, [*STANDARD[1:], "plan"])
    pop.get_by_role("button", name="Reset").click()
    expect_heads(users, STANDARD)
    expect(pop.get_by_role("checkbox", name="Email")).to_be_checked()
    expect(pop.get_by_role("checkbox", name="plan")).not_to_be_checked()
    users.reload()
    assert heads(users) == STANDARD
    assert "columns=" not in users.url


def test_another_member_keeps_their_own_and_sees_what_is_sent(
    users, browser, live_server_url, sign_in, admin, page_problems
):
    opened(users).get_by_role("checkbox", name="Email").uncheck()
    expect_heads(users, STANDARD[1:])
    context = browser.new_context(base_url=live_server_url)
    other = context.new_page()
    watch(other, page_problems)
    sign_in(other, admin)
    other.goto("/users")
    assert heads(other) == STANDARD
    other.goto(users.url)
    assert heads(other) == STANDARD[1:]
    other.goto("/users")
    assert heads(other) == STANDARD
    context.close()


def test_the_view_stays_when_columns_change(users):
    users.goto("/users?search=person&f=default_city:is:Oslo&sort=createdAt")
    opened(users).get_by_role("checkbox", name="plan").check()
    expect_heads(users, [*STANDARD, "plan"])
    query = users.url.partition("?")[2]
    assert query.startswith("search=person&f=default_city:is:Oslo&sort=createdAt&columns=")
    expect(users.locator(".who bdi").first).to_have_text("Person 59")
    users.get_by_role("button", name="Done").click()
    users.get_by_role("link", name="plan", exact=True).click()
    expect(users.get_by_role("columnheader", name="plan")).to_have_attribute("aria-sort", "ascending")


def test_density_and_rows_are_chosen_and_kept(users):
    users.get_by_label("Rows").select_option("25")
    expect(users.get_by_text("Showing 1–25 of 60")).to_be_visible()
    users.get_by_role("link", name="Next").click()
    expect(users.get_by_text("Showing 26–50 of 60")).to_be_visible()
    before = users.locator("tbody tr").first.bounding_box()["height"]
    users.get_by_label("Density").select_option("compact")
    expect(users.locator("table.grid")).to_have_attribute("data-density", "compact")
    # The new page may still be waiting for its style sheet.
    users.wait_for_function("most => document.querySelector('tbody tr').offsetHeight < most", arg=before)
    expect(users.get_by_text("Showing 26–50 of 60")).to_be_visible()
    users.goto("/users")
    expect(users.locator("table.grid")).to_have_attribute("data-density", "compact")
    users.get_by_label("Rows").select_option("100")
    expect(users.locator("tbody tr")).to_have_count(60)


def test_the_name_stays_in_sight_when_fifteen_columns_are_scrolled(users):
    users.goto(f"/users?columns={WIDE}")
    assert len(heads(users)) == 15
    grid = users.locator("#grid")
    assert grid.evaluate("grid => grid.scrollWidth > grid.clientWidth")
    assert users.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cells = [users.locator("tbody tr").first.locator(place) for place in ("td.pick", "th.who")]
    before = [cell.bounding_box()["x"] for cell in cells]
    head = users.locator("thead th").nth(1)
    grid.evaluate("grid => grid.scrollTo(grid.scrollWidth, 400)")
    users.wait_for_function("document.querySelector('#grid').scrollLeft > 100")
    assert [cell.bounding_box()["x"] for cell in cells] == before
    assert head.bounding_box()["x"] == before[1]
    assert abs(head.bounding_box()["y"] - grid.bounding_box()["y"]) < 4
    # What scrolls under it does not shine through, nor lie above it.
    row = users.locator("tbody tr").nth(20).locator("th.who").bounding_box()
    over = "([x, y]) => document.elementFromPoint(x, y).closest('th, td').className"
    assert users.evaluate(over, [row["x"] + row["width"] - 4, row["y"] + row["height"] / 2]) == "who"


def test_on_a_phone_more_columns_are_lines_of_the_card(users):
    users.set_viewport_size({"width": 390, "height": 844})
    users.goto("/users?columns=default_email,plan,favourite%20colour,banned")
    assert users.evaluate("document.documentElement.scrollWidth") <= 390
    card = users.locator("tbody tr").first
    for words in ("Person 00", "p0@mail.example", "pro", "a rather long shade of blue"):
        expect(card.get_by_text(words, exact=True)).to_be_visible()
    label = card.locator("td.at-more").first.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == '"plan"'
    # Nobody is banned: what there is not takes no line.
    expect(card.locator("td.at-more:visible")).to_have_count(2)
    for cell in card.locator("td.at-more:visible").all():
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


@pytest.fixture
def plain(browser: Browser, live_server_url, sign_in, owner, people, page_problems):
    """The Users page in a browser without JavaScript."""
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    watch(page, page_problems)
    sign_in(page, owner)
    page.goto("/users?f=default_city:is:Oslo")
    yield page
    context.close()
    assert not page_problems


def test_without_script_columns_are_a_page_of_their_own(plain):
    plain.get_by_role("link", name="Choose columns").click()
    expect(plain.get_by_role("heading", name="Columns", level=1)).to_be_visible()
    expect(plain.get_by_role("searchbox", name="Find a column")).to_be_hidden()
    plain.get_by_role("checkbox", name="plan").check()
    plain.get_by_role("checkbox", name="Email").uncheck()
    plain.get_by_role("button", name="Show these columns").click()
    assert heads(plain) == [*STANDARD[1:], "plan"]
    assert "f=default_city:is:Oslo" in plain.url
    plain.get_by_role("link", name="Choose columns").click()
    plain.get_by_role("button", name="Move plan up").click()
    plain.get_by_role("link", name="Cancel").click()
    assert heads(plain) == [*STANDARD[1:-1], "plan", "segment"]
    assert "f=default_city:is:Oslo" in plain.url
    plain.get_by_role("link", name="Choose columns").click()
    plain.get_by_role("button", name="Reset").click()
    plain.get_by_role("link", name="Cancel").click()
    assert heads(plain) == STANDARD


def test_without_script_rows_and_density_have_a_button(plain):
    plain.get_by_label("Rows").select_option("25")
    plain.get_by_label("Density").select_option("compact")
    plain.get_by_role("button", name="Show", exact=True).click()
    expect(plain.get_by_text("Showing 1–25 of 60")).to_be_visible()
    expect(plain.locator("table.grid")).to_have_attribute("data-density", "compact")
    plain.get_by_role("link", name="Next").click()
    plain.get_by_role("link", name="Chats, 12 weeks").click()
    expect(plain.locator(".who bdi").first).to_have_text("Person 59")


@pytest.mark.parametrize("width", [1440, 390])
def test_list_chooser_and_profile_can_be_used_by_everybody(users, axe, people, width):
    users.set_viewport_size({"width": width, "height": 900})
    for address in (
        f"/users?columns={WIDE}",
        "/users/columns",
        f"/users/{people[0].public_id}",
        "/users?search=person",
    ):
        users.goto(address)
        assert (address, axe(users)) == (address, [])
    users.goto("/users")
    if width > 390:
        opened(users)
        assert axe(users) == []
