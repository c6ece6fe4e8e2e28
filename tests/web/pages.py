"""Reading what a page shows."""

import html
import re


def text_of(response) -> str:
    """The page's words, as one line."""
    body = response.content.decode()
    main = body[body.index("<main") : body.index("</main>")] if "<main" in body else body
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def said_on(response) -> str:
    """All words of the page, with its messages, as one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def undo_of(response) -> dict[str, str]:
    """What the Undo button of the page's message sends."""
    body = response.content.decode()
    toasts = body[body.index('id="toasts"') : body.index("data-undo")]
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', toasts)
    return {name: html.unescape(value) for name, value in fields}


def listed(response) -> list[str]:
    """Names in the list, in its order."""
    names = re.findall(r'<th class="who".*?<bdi>(.*?)</bdi>', response.content.decode(), re.S)
    return [html.unescape(name) for name in names]


def ids(response) -> list[str]:
    """Public ids in the list, in its order."""
    return re.findall(r'name="person" value="([0-9a-f]{24})"', response.content.decode())


def link(response, pattern: str) -> str:
    """The address of the first link whose tag matches."""
    for tag in re.findall(r"<a\b[^>]*>", response.content.decode()):
        if re.search(pattern, tag):
            return html.unescape(re.search(r'href="([^"]*)"', tag)[1])
    raise AssertionError(f"no link {pattern}")


def links(response) -> list[str]:
    """Addresses of all links."""
    return [html.unescape(url) for url in re.findall(r'<a\b[^>]*href="([^"]*)"', response.content.decode())]


def csv_of(response) -> str:
    """A download, read to its end."""
    return b"".join(response.streaming_content).decode()
