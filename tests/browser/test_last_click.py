"""Whoever clicks again before the answer is here gets what was clicked last, whichever answer comes first."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect


@pytest.fixture
def held(page: Page, sign_in, owner) -> dict[str, Route]:
    """The Users page; what is asked of two other pages is kept here, by its path, until the test lets it go on."""
    sign_in(page, owner)
    page.goto("/users")
    routes: dict[str, Route] = {}

    def hold(route: Route) -> None:
        routes[route.request.url.rsplit("/", 1)[-1]] = route

    page.route(re.compile(r"/(segments|activity)$"), hold)
    return routes


def click(page: Page, name: str) -> None:
    with page.expect_request(re.compile(f"/{name.lower()}$")):
        page.locator("#side-nav").get_by_role("link", name=re.compile(f"^{name}")).click()


@pytest.fixture
def both_clicked(page: Page, held) -> Callable[[str], None]:
    """Segments, then Activity was clicked; `both_clicked(name)` lets the answer of one of them come."""
    click(page, "Segments")
    click(page, "Activity")

    def answer(name: str) -> None:
        with page.expect_response(re.compile(f"/{name}$")) as response:
            held[name].continue_()
        response.value.finished()

    return answer


def test_the_later_page_follows_the_earlier_one(page, both_clicked):
    both_clicked("segments")
    expect(page.locator("#title")).to_have_text("Segments")
    both_clicked("activity")
    expect(page.locator("#title")).to_have_text("Activity")
    expect(page).to_have_url(re.compile(r"/activity$"))


def test_a_page_that_comes_too_late_does_not_take_the_place_of_a_later_click(page, both_clicked):
    both_clicked("activity")
    expect(page.locator("#title")).to_have_text("Activity")
    both_clicked("segments")
    page.locator("#side-nav").get_by_role("link", name="Archives").click()
    expect(page.locator("#title")).to_have_text("Archives")
    page.unroute_all()
    page.go_back()
    expect(page.locator("#title")).to_have_text("Activity")
    expect(page).to_have_url(re.compile(r"/activity$"))
