"""How smooth the list is in a browser: from a click on a column or a row to the next painted frame."""

from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

from bench.measure import Figure
from bench.server import Server
from tools.chromium import on_path

COLUMNS = (
    *("default_email", "lastSeen", "createdAt", "default_location", "chats", "segment", "plan", "orders", "newsletter"),
    *("birthday", "favorite_roast", "default_source", "default_language", "default_timezone", "default_ip"),
)
CLICKS = 12
GOAL_MS = 200.0
# Event Timing: the time from the input to the frame that shows what it did, in steps of 8 ms, of what took 16 or more.
_WATCH = """() => {
  window.spent = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.interactionId) window.spent.push(entry.duration);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
}"""
_SLOWEST = "() => Math.max(0, ...window.spent.splice(0))"


def interactions(server: Server, cookie: str) -> list[Figure]:
    """Interaction to next paint on a page of 100 rows × 15 columns."""
    name, _, value = cookie.partition("=")
    url = f"http://127.0.0.1:{server.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=on_path(), args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        page.goto(f"/users?columns={quote(','.join(COLUMNS), safe=',')}")
        page.locator("#rows").select_option("100")
        page.wait_for_function("document.querySelectorAll('#grid tbody tr').length === 100")
        page.evaluate(_WATCH)
        figures = [_rows(page), _columns(page)]
        browser.close()
    return figures


def _rows(page: Page) -> Figure:
    boxes = page.locator("tbody .pick input")
    runs = []
    for number in range(CLICKS):
        boxes.nth(number).click()
        page.wait_for_timeout(150)
        runs.append(page.evaluate(_SLOWEST))
    return Figure("row ticked, interaction to next paint", "ms", runs, goal=GOAL_MS, note=f"slowest {max(runs):.0f} ms")


def _columns(page: Page) -> Figure:
    page.locator("#choose-columns").click()
    box = page.locator("#columns-pop input[value=default_gender]")
    box.wait_for()
    runs = []
    for _ in range(CLICKS):
        with page.expect_response(lambda answer: "/users?" in answer.url):
            box.click()
        page.wait_for_timeout(400)
        runs.append(page.evaluate(_SLOWEST))
    return Figure(
        "column shown or hidden, interaction to next paint",
        "ms",
        runs,
        goal=GOAL_MS,
        note=f"slowest {max(runs):.0f} ms",
    )
