"""The timeline: everything that happened once, newest first, page by page, while more happens."""

import datetime as dt

import pytest

from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.journal.models import Kind
from coterie.profile import notes, timeline
from coterie.profile.editing import change_value, set_banned
from coterie.profile.timeline import Mark, Show
from tests.makers import make_person

ME = "member:1"


def told(event) -> str:
    return "chat" if event.entry is None else str(event.entry.kind)


def everything(workspace, person, show=Show.EVERYTHING):
    events, mark = [], Mark()
    while mark is not None:
        stretch = timeline.timeline(workspace, person.id, show, mark)
        events += stretch.events
        mark = stretch.next and Mark.read(str(stretch.next))
    return events


@pytest.fixture
def busy(workspace, ada, talk):
    """Ada after a dozen chats and changes in between, a small page at a time."""
    for number in range(12):
        talk(ada, f"hello {number}", at=now() - dt.timedelta(days=12 - number), session_id=f"s-{number}")
        change_value(workspace, ME, ada.id, "n", number - 1 if number else None, number)
    set_banned(workspace, ME, ada.id, True)
    return ada


@pytest.fixture(params=[1, 2, 3, 7])
def small_pages(monkeypatch, request):
    """Pages of a few events."""
    monkeypatch.setattr(timeline, "SIZE", request.param)


def test_pages_tell_everything_once(workspace, busy, small_pages):
    events = everything(workspace, busy)
    entries = [event.entry.revision for event in events if event.entry]
    chats = [event.chat.id for event in events if event.chat]
    assert len(set(entries)) == len(entries)
    assert len(set(chats)) == len(chats) == 12
    assert [told(event) for event in events].count(Kind.SET) == 12 + 2


def test_a_page_does_not_move_while_more_happens(workspace, busy, monkeypatch):
    monkeypatch.setattr(timeline, "SIZE", 5)
    first = timeline.timeline(workspace, busy.id, Show.EVERYTHING, Mark())
    following = timeline.timeline(workspace, busy.id, Show.EVERYTHING, first.next)
    set_banned(workspace, ME, busy.id, False)
    assert timeline.timeline(workspace, busy.id, Show.EVERYTHING, first.next).events == following.events


def test_what_a_chat_brought_stands_above_its_beginning(workspace, talk):
    person = make_person(workspace)
    talk(person, "hello", plan="pro")
    assert [told(event) for event in everything(workspace, person)][:2] == ["set", "chat"]


@pytest.mark.parametrize(
    ("show", "kinds"),
    [
        (Show.CHATS, {"chat"}),
        (Show.NOTES, {"noted"}),
        (Show.CHANGES, {"set", "banned"}),
        (Show.SEGMENTS, set()),
    ],
)
def test_a_part_of_it_is_that_part(workspace, busy, show, kinds):
    notes.add(workspace, ME, busy.id, new_id(), "A note.")
    assert {told(event) for event in everything(workspace, busy, show)} == kinds


def test_nothing_of_others_is_told(workspace, other_workspace, busy):
    bob, theirs = make_person(workspace), make_person(other_workspace)
    set_banned(workspace, ME, bob.id, True)
    set_banned(other_workspace, ME, theirs.id, True)
    assert {event.entry.person_id for event in everything(workspace, busy) if event.entry} == {busy.id}
    assert [told(event) for event in everything(workspace, bob)] == ["banned"]


@pytest.mark.parametrize("text", ["", ".", "x.y", "-1.", "9" * 40 + ".", "1.0", "\u0661.", "1." + "f" * 24])
def test_a_mark_that_is_none_is_the_beginning_or_a_number(text):
    mark = Mark.read(text)
    assert mark.revision in (None, 1)
    assert mark.chat_id is None
