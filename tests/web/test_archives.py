"""The Archives: the list and its filters, one chat, links into it."""

import datetime as dt
import html
import re
from urllib.parse import urlencode

import pytest

from coterie.audience.models import Attribute, Scope
from coterie.chats import excerpt
from coterie.chats.models import Chat, Message, Sender
from coterie.core.clock import now
from coterie.people.models import Person
from coterie.segments.catalogue import create
from tests.chats.talking import START, channel_of, talk
from tests.web.pages import link, links, said_on, text_of


def chats_on(response) -> list[str]:
    """Public ids of the listed chats."""
    return re.findall(r'<li id="c-([0-9a-f]{24})">', response.content.decode())


def get(browse, path: str = "/archives", **fields):
    response = browse.get(f"{path}?{urlencode(fields)}" if fields else path)
    assert response.status_code == 200
    return response


@pytest.mark.one_database
def test_without_chats_the_page_says_where_they_come_from(browse):
    assert "No chats yet" in text_of(get(browse))


def test_the_newest_chat_comes_first_with_its_first_words(browse, workspace):
    old = talk(workspace, "hello there", attributes={"default_name": "Maya Ortiz"})
    new = talk(workspace, "good morning", at=START + dt.timedelta(days=1), who="omar", story="Order help")
    page = get(browse)
    assert chats_on(page) == [new.public_id, old.public_id]
    assert "Maya Ortiz" in text_of(page)
    assert "hello there" in text_of(page)
    assert "Order help, 1 message" in text_of(page)


def test_pages_go_on_and_come_back(browse, workspace):
    chats = [talk(workspace, "hi", at=START + dt.timedelta(hours=number), who=f"u{number}") for number in range(30)]
    first = get(browse)
    assert len(chats_on(first)) == 25
    second = browse.get(link(first, 'rel="next"'))
    assert chats_on(second) == [chat.public_id for chat in reversed(chats[:5])]
    assert "/archives" in links(second)


@pytest.mark.parametrize("after", ["x", "-", "1", "9" * 30, "1-2-3", "٣-٤", "250000000000000001-1"])
def test_a_broken_page_mark_leads_to_the_newest_and_says_so(browse, workspace, after):
    chat = talk(workspace, "hi")
    page = get(browse, after=after)
    assert chats_on(page) == [chat.public_id]
    assert "not there any more" in text_of(page)


def test_every_filter_works_by_the_address(browse, workspace):
    shop = channel_of(workspace, "widget", "Shop")
    one = talk(
        workspace, "where is my order", who="u-17", session="sess-1", story="Order help",
        attributes={"default_name": "Maya Ortiz", "default_email": "maya@example.test"},
    )  # fmt: skip
    two = talk(workspace, "hi", at=now() - dt.timedelta(minutes=3), who="omar", channel=shop)
    maya = Person.objects.get(workspace=workspace, id=one.person_id)
    for fields in (
        {"q": "order"}, {"from": "2026-05-01", "to": "2026-05-01"}, {"to": "2026-05-02"}, {"session": "sess-1"},
        {"story": "Order help"}, {"user": "maya@example.test"}, {"user": "u-17"}, {"user": maya.public_id},
        {"user": "maya o"}, {"channel": channel_of(workspace).public_id},
        {"q": "ord", "to": "2026-05-01", "story": "Order help"},
    ):  # fmt: skip
        assert chats_on(get(browse, **fields)) == [one.public_id], fields
    for fields in ({"date": "7d"}, {"date": "today"} if _same_day() else {"date": "7d"}, {"channel": shop.public_id}):
        assert chats_on(get(browse, **fields)) == [two.public_id], fields


def _same_day() -> bool:
    return now().hour > 0


@pytest.mark.one_database
def test_chips_say_the_filters_and_take_one_out(browse, workspace):
    talk(workspace, "my order", story="Help", session="s")
    page = get(browse, q="order", date="30d", story="Help")
    assert "Said last 30 days" in text_of(page)
    assert "Story Help" in text_of(page)
    assert link(page, "Remove filter: Story") == "/archives?q=order&date=30d"
    assert link(page, "Remove filter: Said") == "/archives?q=order&story=Help"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"q": "***"}, "There is no word in “***”"),
        ({"q": "x" * 10_001}, "longer than 10,000 characters"),
        ({"from": "yesterday"}, "“yesterday” is no date"),
        ({"to": "2026-02-31"}, "“2026-02-31” is no date"),
        ({"from": "2026-05-02", "to": "2026-05-01"}, "The first day is after the last one"),
        ({"date": "soon"}, "“soon” is no period"),
        ({"channel": "nowhere"}, "There is no integration “nowhere”"),
        ({"session": "s" * 129}, "longer than 128 characters"),
        ({"user": "u" * 257}, "longer than 256 characters"),
    ],
)
def test_a_broken_filter_is_left_out_with_a_notice_and_the_rest_is_kept(browse, workspace, fields, words):
    help_chat = talk(workspace, "hi", story="Help")
    talk(workspace, "hi", who="omar", story="Other")
    page = get(browse, story="Help", **fields)
    assert words in text_of(page)
    assert chats_on(page) == [help_chat.public_id]


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31"])
@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("text", ["", "hi"])
def test_days_at_the_ends_of_the_calendar_are_fine(browse, workspace, day, name, text):
    chat = talk(workspace, "hi")
    inside = (name == "from") == (day < "2026")
    assert chats_on(get(browse, **{name: day, "q": text})) == ([chat.public_id] if inside else [])


def test_days_are_days_of_the_workspace(browse, workspace):
    workspace.time_zone = "America/Los_Angeles"
    workspace.save()
    chat = talk(workspace, "hi", at=dt.datetime(2026, 5, 2, 3, tzinfo=dt.UTC))
    assert chats_on(get(browse, **{"from": "2026-05-01", "to": "2026-05-01"})) == [chat.public_id]
    assert chats_on(get(browse, **{"from": "2026-05-02"})) == []
    assert "Friday 1 May 2026" in text_of(get(browse, f"/archives/{chat.public_id}"))


def test_a_user_nobody_knows_has_no_chats(browse, workspace):
    talk(workspace, "hi")
    page = get(browse, user="nobody at all")
    assert chats_on(page) == []
    assert "No chat found" in text_of(page)


def test_a_name_that_too_many_people_have_lists_nothing_and_says_why(browse, workspace, monkeypatch):
    monkeypatch.setattr("coterie.web.archive_query.MOST_PEOPLE", 1)
    for who in ("a", "b"):
        talk(workspace, "hi", who=who, attributes={"default_name": "Maya"})
    page = get(browse, user="maya")
    assert "2 people match “maya”" in text_of(page)
    assert chats_on(page) == []


@pytest.mark.one_database
def test_hits_are_marked_and_lead_to_their_message(browse, workspace):
    chat = talk(workspace, "where is <b>my order</b> & when", "It arrived")
    page = get(browse, q='"my order"')
    assert "&lt;b&gt;<mark>my order</mark>&lt;/b&gt; &amp; when" in page.content.decode()
    message = Message.objects.get(workspace=workspace, chat_id=chat.id, sender=Sender.USER)
    target = link(page, 'class="line"')
    assert target.endswith(f"message={message.public_id}#m-{message.public_id}")
    reader = browse.get(target)
    assert f'id="m-{message.public_id}" data-aimed data-hit' in reader.content.decode()


@pytest.mark.one_database
def test_a_long_message_is_cut_around_its_hit(browse, workspace):
    talk(workspace, "before " * 500 + "needle " + "after " * 500)
    assert re.search(r"…[^<]{0,60}<mark>needle</mark>[^<]{10,160}…", get(browse, q="needle").content.decode())


def test_a_chat_shows_what_was_said_collected_and_done(browse, workspace):
    create(workspace, "Newsletter", "test")
    chat = talk(
        workspace,
        {"message": "Help?", "sender": Sender.BOT, "payload": {"buttons": [{"title": "Yes", "payload": "y"}]}},
        {"message": "y", "sender": Sender.USER, "session_attributes": {"plan": "pro"}, "join": ("Newsletter",)},
        {"message": "Hm?", "sender": Sender.BOT, "payload": {"understood": False}},
        {"sender": Sender.BOT, "payload": {"actions": [{"name": "refund", "ok": False, "detail": "502"}]}},
        attributes={"default_name": "Maya"},
        story="Order help",
    )  # fmt: skip
    page = get(browse, f"/archives/{chat.public_id}")
    words = text_of(page)
    for said in ("Story Order help on App", "Yes , pressed", "Collected plan = pro", "Added to segment Newsletter"):
        assert said in words
    for said in ("Not understood,", "refund failed: 502", "Friday 1 May 2026", "Collected default_name = Maya"):
        assert said in words
    assert 'class="event" data-tone="bad"' in page.content.decode()
    assert '"plan"</b>: <i>"pro"' in html.unescape(page.content.decode())


@pytest.mark.one_database
def test_hidden_attributes_are_not_shown_in_a_chat(browse, workspace):
    chat = talk(workspace, "hi", session_attributes={"secret": "s3cret"}, attributes={"code": "c0de"})
    for scope, key in ((Scope.SESSION, "secret"), (Scope.PERSON, "code")):
        Attribute.objects.filter(workspace=workspace, scope=scope, key=key).update(hidden=True)
    body = get(browse, f"/archives/{chat.public_id}").content.decode()
    assert "s3cret" not in body
    assert "c0de" not in body


@pytest.mark.one_database
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.test",
        "https://",
        "java\tscript:x",
        "https://a b",
        "http://[",
        "x",
    ],
)
def test_only_web_addresses_become_links(browse, workspace, url):
    chat = talk(workspace, {"message": "", "payload": {"image": url, "files": [{"url": url, "name": "f"}]}}, "hi", "ok")
    page = get(browse, f"/archives/{chat.public_id}")
    assert url not in links(page)
    assert "no web address" in text_of(page)


@pytest.mark.one_database
def test_images_and_files_are_links_that_tell_nobody(browse, workspace):
    payload = {"image": "https://cdn.test/a.png?x=1", "files": [{"url": "http://cdn.test/b.pdf", "name": "b"}]}
    chat = talk(workspace, {"message": "", "payload": payload}, "ok", "hi")
    body = get(browse, f"/archives/{chat.public_id}").content.decode()
    assert body.count('target="_blank" rel="noopener noreferrer" referrerpolicy="no-referrer"') == 2
    assert "<img" not in body


@pytest.mark.one_database
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "x" * 10_000,
        "a\x07b\x1b[31m",
        "\u202egnp.exe",
        "</div><mark>",
        "{{ x }}",
        "é" * 9_000,
    ],
)
def test_what_strangers_write_stays_text(browse, workspace, text):
    chat = talk(
        workspace, text, attributes={"default_name": "<i>x</i>"}, story="<u>s</u>", session_attributes={"<a>": "<b>"}
    )
    for page in (get(browse), get(browse, q="script x"), get(browse, f"/archives/{chat.public_id}", q="alert")):
        body = page.content.decode()
        for raw in ("<script>alert", "<i>x", "<u>s", "<a>", "\u202e", "\x07", "\x1b"):
            assert raw not in body


def test_a_chat_that_is_not_there_or_of_another_workspace_is_no_page(browse, other_workspace):
    theirs = talk(other_workspace, "secret")
    for public_id in ("0" * 24, "x", theirs.public_id):
        assert browse.get(f"/archives/{public_id}").status_code == 404


def test_the_list_of_another_workspace_is_not_seen(browse, workspace, other_workspace):
    theirs = talk(other_workspace, "secret order", story="Theirs")
    channel = channel_of(other_workspace)
    assert chats_on(get(browse, q="secret")) == []
    assert "There is no integration" in text_of(get(browse, channel=channel.public_id))
    assert "Theirs" not in get(browse).content.decode()
    assert chats_on(get(browse, session=theirs.session_id)) == []


@pytest.mark.one_database
def test_a_message_of_another_chat_leads_to_the_beginning_and_says_so(browse, workspace):
    chat, other = talk(workspace, "first"), talk(workspace, "second", who="omar")
    message = Message.objects.get(workspace=workspace, chat_id=other.id)
    for name in ("message", "earlier", "later"):
        for value in (message.public_id, "x"):
            page = get(browse, f"/archives/{chat.public_id}", **{name: value})
            assert "That message is not in this chat" in text_of(page)
            assert "second" not in page.content.decode().split('id="reader"')[1]


def test_a_chat_without_end_is_read_page_by_page(browse, workspace, monkeypatch):
    monkeypatch.setattr(excerpt, "SIZE", 10)
    monkeypatch.setattr(excerpt, "_BEFORE", 3)
    chat = talk(workspace, *[f"word{number}" for number in range(35)])
    page, seen = get(browse, f"/archives/{chat.public_id}"), []
    while True:
        seen += re.findall(r'class="said">(\w+)<', page.content.decode())
        if "Later messages" not in text_of(page):
            break
        page = browse.get(link(page, 'rel="next"'))
    assert seen == [f"word{number}" for number in range(35)]
    back = browse.get(link(page, 'rel="prev"'))
    assert re.findall(r'class="said">(\w+)<', back.content.decode()) == [f"word{number}" for number in range(20, 30)]
    message = Message.objects.get(workspace=workspace, chat_id=chat.id, text="word20")
    part = get(browse, f"/archives/{chat.public_id}", message=message.public_id)
    assert re.findall(r'class="said">(\w+)<', part.content.decode()) == [f"word{number}" for number in range(17, 27)]
    hit = get(browse, f"/archives/{chat.public_id}", q="word30")
    assert "<mark>word30</mark>" in hit.content.decode()


def test_a_deleted_persons_chat_is_no_page(browse, workspace):
    chat = talk(workspace, "hi")
    Person.objects.filter(workspace=workspace, id=chat.person_id).delete()
    assert browse.get(f"/archives/{chat.public_id}").status_code == 404
    assert Chat.objects.filter(workspace=workspace, id=chat.id).exists()


@pytest.mark.one_database
def test_a_viewer_reads_but_does_not_export(client_of, viewer, workspace):
    chat = talk(workspace, "hi")
    browse = client_of(viewer)
    for path in ("/archives", f"/archives/{chat.public_id}"):
        assert "Export" not in said_on(get(browse, path))
