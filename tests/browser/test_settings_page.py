"""Settings, Attributes in a real browser: dialog, switches, Undo, keys, no script, phones, accessibility."""

import pytest
from playwright.sync_api import Browser, Page, expect

from coterie.audience.models import Attribute, Scope
from tests.browser.conftest import watch
from tests.makers import make_people, make_person

LIST = "/settings/attributes"


@pytest.fixture
def known(workspace) -> None:
    """Somebody with a plan, five with a size, one session attribute."""
    make_person(workspace, default_name="Ada", default_email="ada@x.example", plan="pro")
    make_people(workspace, 2, size="large")
    make_people(workspace, 3, size="42")
    Attribute.objects.create(workspace=workspace, key="topic", scope=Scope.SESSION, count=2)


@pytest.fixture
def attributes(page, sign_in, admin, known) -> Page:
    """The page, open."""
    sign_in(page, admin)
    page.goto(LIST)
    return page


def row(page: Page, key: str):
    return page.get_by_role("row").filter(has=page.locator(f"code bdi:text-is('{key}')"))


def said(page: Page):
    return page.locator("#toasts")


def test_a_label_is_edited_in_the_dialog_and_taken_back(attributes):
    row(attributes, "plan").get_by_role("link", name="Edit plan").click()
    dialog = attributes.get_by_role("dialog", name="Edit plan")
    expect(dialog.get_by_label("Label")).to_be_focused()
    attributes.keyboard.type("<b>Tarif</b> مرحبا")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(row(attributes, "plan").get_by_role("rowheader")).to_have_text("<b>Tarif</b> مرحبا")
    expect(said(attributes)).to_contain_text("“plan” is called “<b>Tarif</b> مرحبا” now.")
    said(attributes).get_by_role("button", name="Undo").click()
    expect(row(attributes, "plan").get_by_role("rowheader")).to_have_text("plan")
    assert attributes.url.endswith(LIST)


def test_a_type_is_corrected_after_the_warning(attributes, workspace):
    row(attributes, "size").get_by_role("link", name="Edit size").click()
    dialog = attributes.get_by_role("dialog", name="Edit size")
    dialog.get_by_label("Type").select_option("time")
    expect(dialog.get_by_text("The value of 5 of 5 people is not a date or a time.")).to_be_visible()
    dialog.get_by_label("Type").select_option("number")
    expect(dialog.get_by_text("The value of 2 of 5 people is not a number.")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(row(attributes, "size")).to_contain_text("Number")
    attributes.goto("/users?f=size:gt:40")
    expect(attributes.locator("main .total")).to_contain_text("3 of 6 people")


def test_a_refusal_stays_in_the_dialog(attributes, page_problems):
    row(attributes, "plan").get_by_role("link", name="Edit plan").click()
    dialog = attributes.get_by_role("dialog", name="Edit plan")
    dialog.get_by_label("Label").fill("🦊" * 5_000)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("at most 128 characters")
    page_problems.clear()


def test_a_switch_hides_at_once_keeps_the_focus_and_the_place_and_is_undone(attributes):
    attributes.set_viewport_size({"width": 1280, "height": 400})
    switch = row(attributes, "plan").get_by_role("switch", name="Hidden: plan")
    switch.focus()
    scrolled = attributes.evaluate("document.querySelector('#grid').scrollTop")
    assert scrolled > 0
    attributes.keyboard.press("Space")
    expect(said(attributes)).to_contain_text("“plan” is hidden now.")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(switch).to_be_focused()
    assert attributes.evaluate("document.querySelector('#grid').scrollTop") == scrolled
    attributes.keyboard.press("z")
    expect(said(attributes)).to_contain_text("“plan” is shown again.")
    expect(switch).to_have_attribute("aria-checked", "false")


def test_the_keyboard_alone_finds_edits_and_takes_back(attributes):
    attributes.goto("/users")
    expect(attributes.get_by_role("heading", name="Users", level=1)).to_be_visible()
    attributes.keyboard.press("g")
    attributes.keyboard.press(",")
    expect(attributes.get_by_role("heading", name="Attributes", level=1)).to_be_visible()
    attributes.get_by_role("searchbox", name="Find an attribute").focus()
    attributes.keyboard.type("PLA")
    expect(attributes.get_by_role("row")).to_have_count(2)
    expect(attributes.get_by_role("searchbox", name="Find an attribute")).to_be_focused()
    assert attributes.url.endswith(f"{LIST}?q=PLA")
    attributes.locator("#main").focus()
    attributes.keyboard.press("j")
    attributes.keyboard.press("Enter")
    expect(attributes.get_by_label("Label", exact=True)).to_be_focused()
    attributes.keyboard.type("Plastic plan")
    attributes.keyboard.press("Enter")
    expect(row(attributes, "plan").get_by_role("rowheader")).to_have_text("Plastic plan")
    assert attributes.url.endswith(f"{LIST}?q=PLA")
    attributes.locator("#main").focus()
    attributes.keyboard.press("z")
    expect(row(attributes, "plan").get_by_role("rowheader")).to_have_text("plan")


def test_escape_leaves_the_dialog_and_everything_as_it_was(attributes, workspace):
    row(attributes, "plan").get_by_role("link", name="Edit plan").click()
    expect(attributes.get_by_label("Label", exact=True)).to_be_focused()
    attributes.keyboard.type("Never")
    attributes.keyboard.press("Escape")
    expect(attributes.get_by_role("dialog")).to_have_count(0)
    assert Attribute.objects.get(workspace=workspace, key="plan").label == ""


def test_tabs_and_the_search_go_together(attributes):
    attributes.get_by_role("searchbox", name="Find an attribute").fill("o")
    expect(attributes.get_by_role("link", name="Custom 0")).to_be_visible()
    attributes.get_by_role("link", name="Of chats 1").click()
    expect(attributes.get_by_role("row")).to_have_count(2)
    expect(row(attributes, "topic")).to_contain_text("2 chats")
    assert attributes.url.endswith(f"{LIST}?q=o&kind=chats")


@pytest.fixture
def plain(browser: Browser, live_server_url, sign_in, admin, known, page_problems):
    """The page in a browser without JavaScript."""
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    watch(page, page_problems)
    sign_in(page, admin)
    page.goto(LIST)
    yield page
    context.close()


def test_without_script_everything_is_a_page_and_a_form(plain, page_problems):
    plain.get_by_role("searchbox", name="Find an attribute").fill("size")
    plain.keyboard.press("Enter")
    plain.get_by_role("link", name="Edit size").click()
    plain.get_by_label("Label").fill("Shoe size")
    plain.get_by_label("Type").select_option("number")
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_text("The value of 2 of 5 people is not a number.")).to_be_visible()
    plain.get_by_role("button", name="Save anyway").click()
    expect(row(plain, "size").get_by_role("rowheader")).to_have_text("Shoe size")
    plain.get_by_role("switch", name="Hidden: Shoe size").click()
    expect(said(plain)).to_contain_text("“Shoe size” is hidden now.")
    plain.get_by_role("button", name="Undo").click()
    expect(said(plain)).to_contain_text("“Shoe size” is shown again.")
    assert plain.url.endswith(f"{LIST}?q=size")
    page_problems.clear()


@pytest.mark.parametrize("width", [1440, 390])
def test_it_can_be_used_by_everybody(attributes, axe, width):
    attributes.set_viewport_size({"width": width, "height": 900})
    assert axe(attributes) == []
    for address in (f"{LIST}?kind=hidden", f"{LIST}?q=nothing", "/settings/attributes/edit?scope=person&key=plan"):
        attributes.goto(address)
        assert (address, axe(attributes)) == (address, [])
    attributes.goto(f"{LIST}?kind=custom")
    attributes.get_by_role("switch", name="Hidden: plan").click()
    expect(said(attributes)).to_contain_text("“plan” is hidden now.")
    assert axe(attributes) == []
    attributes.get_by_role("link", name="Edit size").click()
    attributes.get_by_label("Type").select_option("number")
    expect(attributes.get_by_text("is not a number")).to_be_visible()
    assert axe(attributes) == []


def test_on_a_phone_attributes_are_cards_inside_the_window(attributes):
    attributes.set_viewport_size({"width": 390, "height": 844})
    expect(row(attributes, "plan").get_by_role("switch", name="Hidden: plan")).to_be_visible()
    assert attributes.evaluate("document.scrollingElement.scrollWidth") <= 390
    box = row(attributes, "plan").get_by_role("switch", name="Hidden: plan").bounding_box()
    assert min(box["width"], box["height"]) >= 24


def test_a_viewer_reads_the_page(page, sign_in, viewer, known, axe):
    sign_in(page, viewer)
    page.goto(LIST)
    expect(row(page, "plan")).to_contain_text("1 person")
    expect(page.get_by_role("switch")).to_have_count(0)
    assert axe(page) == []
