"""Rows as HTML: whatever strangers wrote is text, and a row is one row."""

import datetime as dt
import html
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coterie.audience.columns import DEFAULT_COLUMNS, DEFAULT_KEYS, Column, Group, Type
from coterie.audience.query import Row
from coterie.core.clock import now
from coterie.core.ids import new_id, to_public
from coterie.web.cells import Sheet, row_html, value_html
from coterie.web.unseen import seen

HOSTILE: list[Any] = [
    "<script>alert(1)</script>", "</td></tr></table><img src=x onerror=alert(1)>", '"><svg onload=alert(1)>',
    "' onclick='x", "javascript:alert(1)", "<!--", "-->", "]]>", "&lt;b&gt;", "&#60;b&#62;", "&",
    "{{ 7|add:7 }}", "{% debug %}",
    "\u202eevil\u202c", "\u2066\u2067x", "\x01\x1b\x7f\x85", "\r\n\r\n", "👩‍👩‍👧" * 1_000, "👧" * 5_000, "x" * 5_000,
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-02-30", "2026-02-30T00:00:00Z", "0000-00-00T00:00Z",
    "infinity", "2026-W01-1T00:00:00Z", "20260101T000000Z", "nan", "-0", 0, -1, 1e308, 2**63 - 1, 0.1, True, False,
    "true", "TRUE", "maybe", "a@b@c", "a b@c?subject=x&body=y", "mailto:x", "…", "livechat<b>", "Messenger",
]  # fmt: skip
CUSTOM = [Column(f'k"<{kind}>', f'L"<i>{kind}</i>', kind, Group.CUSTOM, "braces") for kind in Type if kind != "segment"]
COLUMNS = [*DEFAULT_COLUMNS, *CUSTOM]
VOID = {"input", "path", "use", "br", "img"}
ELEMENTS = {"tr", "td", "th", "label", "input", "a", "span", "svg", "use", "path", "bdi", "time"}
ATTRIBUTES = {
    *("class", "type", "name", "value", "form", "autocomplete", "aria-label", "aria-hidden", "role", "scope", "href"),
    *("data-label", "data-hue", "data-kind", "data-tone", "title", "datetime", "viewbox", "d"),
}


class Tree(HTMLParser):
    """Elements, attributes and texts; refuses what is not well formed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.outer: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.open) < 2:
            self.outer.append(tag)
        self.found.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def row(value: Any, **fields: Any) -> Row:
    keys = [*DEFAULT_KEYS, *(column.key for column in CUSTOM)]
    attributes = dict.fromkeys(keys, value)
    return Row(new_id(), str(value)[:256] or "u", True, now(), now(), 3, attributes, **fields)


def sheet(columns: list[Column], names: dict[str, str] | None = None) -> Sheet:
    return Sheet(columns, names or {}, (), {}, now(), pick=True)


def looked_at(text: str, cells: int) -> Tree:
    """One row of so many cells, made of nothing but what the program writes."""
    tree = Tree(text)
    assert tree.outer == ["tr", "td", "th", *["td"] * (cells + 1)]
    for tag, attributes in tree.found:
        assert tag in ELEMENTS
        assert set(attributes) <= ATTRIBUTES
        address = attributes.get("href")
        assert address is None or address.startswith(("/users", "mailto:", "/static/")), address
    return tree


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:30])
def test_whatever_the_value_it_is_one_row_of_text(value: Any) -> None:
    segment = new_id()
    person = row(value, segments=[segment, new_id()])
    names = {to_public(key): str(value) for key in person.segments}
    tree = looked_at(row_html(person, sheet(COLUMNS, names)), len(COLUMNS))
    if isinstance(value, str) and not value[:1].isdigit() and value.lower() not in ("true", "nan") and value.strip():
        assert value.replace("\r\n", "\n").strip() in tree.text.replace("\r\n", "\n")


VALUES = st.one_of(
    st.text(), st.text("<>\"'&/=`-! \nabconsrctimgevl:();#x"), st.booleans(), st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(HOSTILE),
)  # fmt: skip


@given(value=VALUES, zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "America/New_York"]))
def test_any_value_is_one_row_of_text(value: Any, zone: str) -> None:
    with timezone.override(zone):
        looked_at(row_html(row(value), sheet(COLUMNS)), len(COLUMNS))


@given(value=st.dates(dt.date(1, 1, 1)), hours=st.integers(-23, 23), time=st.times())
def test_any_time_can_be_shown(value: dt.date, hours: int, time: dt.time) -> None:
    moment = dt.datetime.combine(value, time, dt.timezone(dt.timedelta(hours=hours))).isoformat()
    kind = next(column for column in CUSTOM if column.type == Type.TIME)
    with timezone.override("America/New_York"):
        Tree(value_html(row(moment), kind))


def test_a_value_comes_back_as_it_was_written() -> None:
    column = next(column for column in CUSTOM if column.type == Type.TEXT)
    for value in HOSTILE:
        if isinstance(value, str):
            written = value_html(row(value), column)
            start, end = written.index(">") + 1, written.rindex("</bdi>")
            assert html.unescape(written[start:end]) == seen(value) or "&" in value


def test_nothing_is_a_dash_everywhere() -> None:
    person = Row(new_id(), "u", False, now(), None, 0, {})
    tree = looked_at(row_html(person, sheet(COLUMNS)), len(COLUMNS))
    for words in ("none yet", "not yet", "not known", "none", "no", "–"):
        assert words in tree.text


def test_a_viewer_s_row_has_no_box() -> None:
    written = row_html(row("x"), replace(sheet([]), pick=False))
    assert "<input" not in written
    assert looked_at(written, 0)


def test_a_segment_that_is_gone_or_of_others_is_not_shown() -> None:
    person = row("x", segments=[new_id(), new_id()])
    known = to_public(person.segments[1])
    tree = looked_at(row_html(person, sheet([DEFAULT_COLUMNS[-2]], {known: "Leads"})), 1)
    assert "Leads" in tree.text
    assert to_public(person.segments[0]) not in str(tree.found)
    assert "+" not in tree.text


@pytest.mark.parametrize(
    "email", ["a@b.example", 'x"y@z', "a@b?bcc=everybody@c", "a@b\r\nBcc: c", "javascript:alert(1)"]
)
def test_a_mail_link_is_an_address_and_nothing_more(email: str) -> None:
    person = Row(new_id(), "u", False, now(), None, 0, {"default_email": email})
    tree = looked_at(row_html(person, sheet([DEFAULT_COLUMNS[0]])), 1)
    address = next(a["href"] for tag, a in tree.found if a.get("class") == "email")
    assert address.startswith("mailto:")
    assert not set("?&\r\n \"'<>:") & set(address.removeprefix("mailto:"))


def test_moments_without_a_zone_are_shown_as_they_were_sent() -> None:
    column = next(column for column in CUSTOM if column.type == Type.TIME)
    assert "<time" not in value_html(row("2026-11-23"), column)
    assert "<time" not in value_html(row("2026-11-23 10:00"), column)
    assert "23 Nov 2026" in value_html(row("2026-11-23T10:00:00Z"), column)
