"""The Chat Widget in a real browser on the demo shop: how long until words are there to be read."""

from collections.abc import Iterator
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from bench.measure import Figure, percentile
from bench.server import Server, serving
from tools.chromium import on_path

ROUNDS = 20
GOAL_MS = 300.0
_LAUNCHER = """() => new Promise((resolve) => {
  const look = () => document.querySelector('coterie-chat')?.shadowRoot.querySelector('.launcher:not([hidden])')
    ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
})"""
# Runs `act`, then counts until there are more words of the bot than before.
_WORDS = """(act) => new Promise((resolve) => {
  const words = () => document.querySelector('coterie-chat').shadowRoot.querySelectorAll('.bot .bubble').length;
  const before = words(), start = performance.now();
  if (act === 'open') Coterie.open(); else Coterie.sendMessage(act);
  const look = () => words() > before ? resolve(performance.now() - start) : requestAnimationFrame(look);
  look();
})"""


def run(_people: int) -> Iterator[Figure]:
    """Each round is a new visitor with an empty browser."""
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=on_path(), args=["--no-sandbox"])
        rounds = [_visit(browser, server) for _ in range(ROUNDS + 1)][1:]
        browser.close()
    yield _figure("page asked for → launcher shown", [one[0] for one in rounds])
    yield _figure("launcher pressed → first message shown", [one[1] for one in rounds], GOAL_MS)
    yield _figure("first words sent → answer shown", [one[2] for one in rounds])


def _visit(browser: Browser, server: Server) -> tuple[float, float, float]:
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}")
    page: Page = context.new_page()
    page.goto("/demo", wait_until="commit")
    launcher = page.evaluate(_LAUNCHER)
    opened, answered = page.evaluate(_WORDS, "open"), page.evaluate(_WORDS, "Do you ship to Norway?")
    context.close()
    return launcher, opened, answered


def _figure(name: str, runs: list[float], goal: float | None = None) -> Figure:
    """The 95th percentile; the median beside it."""
    return Figure(f"{name}, p95", "ms", [percentile(runs, 0.95)], goal=goal, note=f"median {median(runs):.0f} ms")
