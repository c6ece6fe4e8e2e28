"""The browser fixtures notice what they are there to notice."""

from collections.abc import Callable

from playwright.sync_api import Page

from coterie.accounts.models import Member, User


def test_problems_of_a_page_are_collected(page: Page, page_problems: list[str]) -> None:
    page.set_content("<html lang=en><title>Blank</title>")
    page.evaluate("console.error('first')")
    page.evaluate("setTimeout(() => { throw new Error('second') })")
    page.evaluate("fetch('http://elsewhere.invalid/').catch(() => {})")
    page.wait_for_timeout(200)
    kinds = " ".join(page_problems)
    assert "console: first" in kinds
    assert "second" in kinds
    assert "foreign request: http://elsewhere.invalid/" in kinds
    page_problems.clear()


def test_axe_finds_a_field_without_a_name(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.set_content("<html lang=en><title>Form</title><main><h1>Form</h1><input name=q></main>")
    assert [line.split(":")[0] for line in axe(page)] == ["critical label"]


def test_axe_passes_a_good_page(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.set_content("<html lang=en><title>Form</title><main><h1>Form</h1><label>Name <input name=q></label></main>")
    assert axe(page) == []


def test_axe_finds_words_that_cannot_be_read_in_the_dark(page: Page, axe: Callable[[Page], list[str]]) -> None:
    words = "<style>@media (prefers-color-scheme: dark) { p { background: #222 } }</style><p>Words"
    page.set_content(f"<html lang=en><title>Words</title><main><h1>Words</h1>{words}</main>")
    assert [line.split(" · ")[-1] for line in axe(page)] == ["in the dark"]


def test_axe_judges_what_fades_in_as_it_will_be(page: Page, axe: Callable[[Page], list[str]]) -> None:
    words = "<style>p { animation: 60s come } @keyframes come { from { color: #eee } }</style><p>Words"
    page.set_content(f"<html lang=en><title>Words</title><main><h1>Words</h1>{words}</main>")
    assert axe(page) == []


def test_the_database_is_open_beside_the_browser(page: Page, owner: User) -> None:
    page.set_content("<html lang=en><title>Blank</title>")
    assert Member.objects.filter(user=owner).count() == 1


def test_login_through_the_form(page: Page, login: Callable[[Page, User], None], owner: User) -> None:
    login(page, owner)
    assert page.url.endswith("/users")


def test_sign_in_opens_the_users_page(page: Page, sign_in: Callable[[Page, User], None], owner: User) -> None:
    sign_in(page, owner)
    assert page.goto("/users").status == 200
    assert page.url.endswith("/users")
