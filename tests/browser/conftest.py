"""A real Chromium against the real server.

A test asks for `page` and, mostly, `sign_in`. It fails when the page wrote an error to the console, threw
one, or asked another host for anything; a test that means to provoke such an error empties `page_problems`.
A failure leaves a picture in `test-results/`.
"""

import functools
import importlib.resources
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

from coterie.accounts.models import User
from tests.conftest import PASSWORD, ROOT
from tools.chromium import on_path

RESULTS = ROOT / "test-results"
# What Chromium need not do. Of several such lists it takes the last one, so this one repeats Playwright's, which comes
# before it. The first two are pages that are loaded for the address bar of every window: 40 % of the processor time of
# a test, although a browser without a screen never shows them.
_FEATURES = [
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
]
# Switches off what Chromium asks of its maker's servers by itself.
_SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    f"--disable-features={','.join(_FEATURES)}",
]
# Rows of people from the eleventh on are like those above. Checking the contrast of fifty takes half of the time.
_CHECKED = {"exclude": ["tbody tr:nth-child(n+11):has(> .who)"]}
# What ends differently in another color scheme.
_OF_COLORS = ["color-contrast", "link-in-text-block"]
# Milliseconds; only what goes wrong takes so long. Two browsers share two processors with two test runs.
_PATIENCE = 30_000
# Nobody clicks or types into a page whose scripts are on their way. A robot is quick enough to.
_ARRIVED = """
new MutationObserver((_, observer) => {
  if (!document.documentElement) return;
  observer.disconnect();
  document.documentElement.style.pointerEvents = 'none';
}).observe(document, {childList: true});
addEventListener('load', () => document.documentElement.style.removeProperty('pointer-events'));
"""


def _when_the_page_is_there(name: str) -> None:
    act = getattr(Locator, name)

    @functools.wraps(act)
    def patiently(self: Locator, *args: Any, **options: Any) -> Any:
        self.wait_for(state="attached")
        self.page.wait_for_load_state("domcontentloaded")
        return act(self, *args, **options)

    setattr(Locator, name, patiently)


for _name in ("fill", "focus", "press", "press_sequentially", "select_option", "set_input_files"):
    _when_the_page_is_there(_name)
_REPORT: pytest.StashKey[pytest.TestReport] = pytest.StashKey()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is marked `browser`."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """Tell `page`, at its end, how the test went."""
    report: pytest.TestReport = yield
    if report.when == "call":
        item.stash[_REPORT] = report
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of the machine, or Playwright's own."""
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=on_path(), args=_SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture
def page_problems() -> list[str]:
    """What went wrong in the page so far; the test fails when anything is left here at its end."""
    return []


@pytest.fixture
def page(
    browser: Browser, live_server_url: str, page_problems: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A page of a fresh browser profile, 1280 × 800. Addresses may start with `/`."""
    context = browser.new_context(base_url=live_server_url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(_PATIENCE)
    context.add_init_script(_ARRIVED)
    page = context.new_page()
    watch(page, page_problems)
    yield page
    report = request.node.stash.get(_REPORT, None)
    failed = report is None or report.failed
    if failed or page_problems:
        RESULTS.mkdir(exist_ok=True)
        name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
        page.screenshot(path=RESULTS / f"{name}.png", full_page=True)
    problems = list(page_problems)
    context.close()
    if failed:
        print("\n".join(problems))
    else:
        assert not problems, "The page was not in order:\n" + "\n".join(problems)


def watch(page: Page, problems: list[str]) -> None:
    """Collect into `problems` what goes wrong in `page`; for pages that a test opens itself."""

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location
            problems.append(f"console: {message.text} ({where['url']}:{where['lineNumber']})")

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            problems.append(f"foreign request: {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: problems.append(f"thrown: {error.stack or error}"))
    page.on("request", asked)


def wait_until(page: Page, check: Callable[[], bool]) -> None:
    """Returns when `check()`, which looks at what the page's events have left in the test, is true."""
    deadline = time.monotonic() + _PATIENCE / 1000
    while not check():
        assert time.monotonic() < deadline, "It took too long"
        page.wait_for_timeout(20)


@pytest.fixture
def login() -> Callable[[Page, User], None]:
    """`login(page, user)` through the real form. Slow and rate limited: mostly use `sign_in`."""

    def through_the_form(page: Page, user: User) -> None:
        page.goto("/login")
        page.locator("input[name=login]").fill(user.email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: urlsplit(url).path != "/login")

    return through_the_form


@pytest.fixture
def sign_in(client_of: Callable[[User], Client], live_server_url: str) -> Callable[[Page, User], None]:
    """`sign_in(page, user)`: the page gets a session of the user, without the form."""

    def by_session(page: Page, user: User) -> None:
        session = client_of(user).cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": session,
                    "url": live_server_url,
                    "httpOnly": True,
                }
            ]
        )

    return by_session


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """`assert axe(page) == []`: what keeps people with disabilities from using the page, one line a place.

    The page is checked in the light color scheme, and what depends on colors in the dark one, too.
    """
    script = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

    def violations(page: Page) -> list[str]:
        # Without its styles nothing on a page is as it looks.
        page.wait_for_load_state("load")
        if not page.evaluate("'axe' in window"):
            # Evaluated by the debugger, which the page's content security policy does not bind.
            page.evaluate(script)
        found = _violations(page, {})
        page.emulate_media(color_scheme="dark")
        found += [f"{line} · in the dark" for line in _violations(page, {"runOnly": _OF_COLORS})]
        page.emulate_media(color_scheme="light")
        return found

    return violations


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    # What fades in would be judged half faded.
    page.evaluate("for (const one of document.getAnimations()) try { one.finish() } catch { /* It never ends. */ }")
    checked = [_CHECKED, {"resultTypes": ["violations"], **options}]
    return [
        f"{violation['impact']} {violation['id']}: {violation['help']} · {node['html'][:200]}"
        for violation in page.evaluate("([context, options]) => axe.run(context, options)", checked)["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
