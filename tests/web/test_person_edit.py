"""Changing a person's values on their page."""

import json

import pytest

from coterie.audience.models import Attribute
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start
from coterie.chats.models import Chat
from coterie.core.text import clean
from coterie.journal.models import JournalEntry
from coterie.profile.editing import change_value
from tests.makers import make_person
from tests.web.pages import said_on, text_of
from tests.web.person_pages import edit, hidden, now_on, undo


def save(browse, person, **fields):
    return browse.post(f"/users/{person.public_id}/value/save", fields, follow=True)


def test_a_value_is_changed_said_and_undone(browse, ada):
    response = edit(browse, ada, "default_name", "Ada King")
    assert response.redirect_chain == [(f"/users/{ada.public_id}", 302)]
    assert "Name changed from Ada to Ada King." in said_on(response)
    assert "Name Ada King set by you" in text_of(response)
    assert "Undone." in said_on(undo(browse, ada, response))
    assert now_on(ada).attributes["default_name"] == "Ada"


def test_a_value_is_removed_by_the_button_or_by_leaving_nothing(browse, ada):
    assert "plan removed; it was free." in said_on(edit(browse, ada, "plan", None))
    assert "Email removed" in said_on(edit(browse, ada, "default_email", "  "))
    assert set(now_on(ada).attributes) == {"default_name", "default_city"}


def test_a_double_submit_is_harmless(browse, ada, workspace):
    page = browse.get(f"/users/{ada.public_id}/value", {"key": "plan"})
    fields = hidden(page, "/value/save") | {"value": "pro"}
    for _ in range(2):
        response = save(browse, ada, **fields)
        assert response.status_code == 200
    assert now_on(ada).attributes["plan"] == "pro"
    assert JournalEntry.objects.filter(workspace=workspace, person_id=ada.id, kind="set").count() == 2


def test_the_later_of_two_sees_both_values_and_chooses(browse, ada, workspace):
    page = browse.get(f"/users/{ada.public_id}/value", {"key": "plan"})
    fields = hidden(page, "/value/save")
    change_value(workspace, "test", ada.id, "plan", "free", "pro")
    response = save(browse, ada, **fields, value="gold")
    assert response.status_code == 409
    assert "Test changed this meanwhile ( now )." in text_of(response)
    assert "The value is now pro . Yours is below; it is not saved yet." in text_of(response)
    assert 'value="gold"' in response.content.decode()
    assert now_on(ada).attributes["plan"] == "pro"
    save(browse, ada, **hidden(response, "/value/save"), value="gold")
    assert now_on(ada).attributes["plan"] == "gold"


@pytest.mark.one_database
def test_the_form_in_place_is_answered_with_that_form_alone(browse, ada):
    page = browse.get(f"/users/{ada.public_id}/value", {"key": "default_email"})
    fields = hidden(page, "/value/save") | {"value": "nonsense"}
    response = browse.post(f"/users/{ada.public_id}/value/save", fields, headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert response["HX-Retarget"] == response["HX-Reselect"]
    assert f'id="{response["HX-Retarget"][1:]}"' in response.content.decode()


@pytest.mark.parametrize(
    ("key", "typed", "stored"),
    [
        ("default_email", " new@example.com ", "new@example.com"),
        ("default_timezone", "europe/warsaw", "Europe/Warsaw"),
        ("default_timezone", "America/New york", "America/New_York"),
        ("default_url", "https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("default_language", "en-GB", "English"),
        ("default_country", "PL", "Poland"),
        ("default_ip", "2001:DB8::1", "2001:db8::1"),
        ("amount", "12", 12),
        ("amount", "-1.5e3", -1500.0),
        ("agreed", "true", True),
        ("born", "2026-11-24", "2026-11-24"),
        ("plan", "e\u0301", "é"),
    ],
)
def test_values_are_stored_as_their_type(browse, ada, workspace, key, typed, stored):
    for name, kind in (("amount", "number"), ("agreed", "boolean"), ("born", "time")):
        Attribute.objects.create(workspace=workspace, key=name, type=kind)
    edit(browse, ada, key, typed)
    value = now_on(ada).attributes[key]
    assert (type(value), value) == (type(stored), stored)


@pytest.mark.parametrize(
    ("key", "typed", "words"),
    [
        ("default_email", "ada", "“ada” is not an e-mail address such as ada@example.com."),
        ("default_email", "a@b.c\r\nBcc: x@y.z", "is not an e-mail address"),
        ("default_timezone", "Warsaw", "is not a time zone such as Europe/Warsaw."),
        ("default_timezone", "../../etc/passwd", "is not a time zone"),
        ("default_url", "javascript:alert(1)", "is not a web address such as https://example.com/page."),
        ("default_avatar", "//example.com/x.png", "is not a web address"),
        ("default_url", "http://[", "is not a web address"),
        ("default_ip", "1.2.3", "is not an IP address such as 192.0.2.7."),
        ("default_name", "x" * 257, "257 characters; at most 256."),
        ("plan", "x" * 10_000, "10,000 characters; at most 1,024."),
        ("amount", "12 apples", "“12 apples” is not a number."),
        ("amount", "1e999", "is not a number"),
        ("amount", "9" * 400, "is not a number"),
        ("amount", "9" * 30, "the number is out of range."),
        ("amount", "\u0661", "is not a number"),
        ("agreed", "maybe", "“maybe” is neither true nor false."),
        ("born", "yesterday", "is no date or time such as 2026-11-24"),
        ("born", "2026-02-30", "is no date or time"),
    ],
)
def test_what_does_not_fit_is_said_at_the_field_and_kept_there(browse, ada, workspace, key, typed, words):
    for name, kind in (("amount", "number"), ("agreed", "boolean"), ("born", "time")):
        Attribute.objects.create(workspace=workspace, key=name, type=kind)
    before = now_on(ada).attributes
    response = edit(browse, ada, key, typed)
    assert response.status_code == 422
    assert words in text_of(response)
    assert 'aria-invalid="true"' in response.content.decode() or key == "agreed"
    assert now_on(ada).attributes == before


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202egnp.exe",
    "a\x00b\x07c\x1b[31m",
    "line\none\r\ntwo",
    "{{ 7*7 }}{% now %}",
    "=cmd|' /C calc'!A0",
    "x" * 1024,
    "👩‍👩‍👧‍👦",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_text_on_every_page(browse, ada, value):
    response = edit(browse, ada, "plan", value)
    assert response.status_code == 200
    stored = now_on(ada).attributes["plan"]
    assert stored.replace("\r\n", "\n") == clean(value).replace("\r\n", "\n")
    pages = [
        response,
        browse.get(f"/users/{ada.public_id}/value", {"key": "plan"}),
        browse.get(f"/users/{ada.public_id}", {"tab": "timeline"}),
    ]
    for page in pages:
        body = page.content.decode()
        assert "<script>alert" not in body
        assert "<img" not in body
        assert "49" not in text_of(page).partition("{{")[0][-20:]


@pytest.mark.one_database
@pytest.mark.parametrize("key", ["<b>x</b>", '" onclick="alert(1)', "a b&c=d#e?f/../g", "ключ", "'; DROP TABLE--"])
def test_hostile_names_of_attributes_are_text_and_can_be_changed(browse, workspace, key):
    person = make_person(workspace, **{key: "before"})
    response = edit(browse, person, key, "after")
    assert now_on(person).attributes[key] == "after"
    assert "<b>x" not in response.content.decode()
    assert 'onclick="alert' not in response.content.decode()


@pytest.mark.one_database
@pytest.mark.parametrize(
    "key", ["userId", "banned", "chats", "lastSeen", "default_location", "segment", "nonsense", ""]
)
def test_what_is_no_attribute_cannot_be_changed(browse, ada, key):
    response = save(browse, ada, key=key, value="x", seen="")
    assert "There is no such value." in said_on(response)
    assert now_on(ada).attributes == ada.attributes


def test_a_hidden_attribute_can_neither_be_seen_nor_changed_nor_added(browse, ada, workspace):
    Attribute.objects.filter(workspace=workspace, key="plan").update(hidden=True)
    assert "free" not in said_on(browse.get(f"/users/{ada.public_id}/value", {"key": "plan"}, follow=True))
    save(browse, ada, key="plan", value="pro", seen='"free"')
    response = browse.post(f"/users/{ada.public_id}/add", {"key": "plan", "value": "pro", "type": "text"})
    assert "“plan” is hidden in Settings." in text_of(response)
    assert now_on(ada).attributes["plan"] == "free"
    assert "free" not in said_on(browse.get(f"/users/{ada.public_id}", {"tab": "timeline"}))


@pytest.mark.one_database
@pytest.mark.parametrize("seen", ["", "null", "[", "[" * 5000, '{"a": 1}', "NaN", '"other"', "x"])
def test_whoever_does_not_say_what_they_saw_changes_nothing(browse, ada, seen):
    response = save(browse, ada, key="plan", value="pro", seen=seen)
    assert response.status_code == 409
    assert now_on(ada).attributes["plan"] == "free"


def test_where_a_value_comes_from_and_restoring_an_earlier_one(browse, ada, talk):
    talk(ada, "I am on the pro plan now", plan="pro")
    edit(browse, ada, "plan", "gold")
    page = browse.get(f"/users/{ada.public_id}/value", {"key": "plan"})
    text = text_of(page)
    assert "gold now set by you" in text
    assert "pro set by Shop" in text
    assert "with “ I am on the pro plan now ”" in text
    assert "free set by test" in text
    fields = hidden(page, "/value/save") | {"value": "free"}
    save(browse, ada, **fields)
    assert now_on(ada).attributes["plan"] == "free"


def test_somebody_erased_meanwhile_is_not_found_and_nothing_is_changed(browse, ada, workspace):
    page = browse.get(f"/users/{ada.public_id}/value", {"key": "plan"})
    fields = hidden(page, "/value/save") | {"value": "pro"}
    start(workspace, "test", Action.delete(), Selection.of_ids([ada.id]))
    response = save(browse, ada, **fields)
    assert response.status_code == 404
    assert "Nobody is here" in text_of(response)


@pytest.mark.one_database
def test_the_answer_about_somebody_erased_meanwhile_leaves_the_address_bar_alone(browse, ada, workspace):
    start(workspace, "test", Action.delete(), Selection.of_ids([ada.id]))
    response = browse.post(f"/users/{ada.public_id}/value/save", {"key": "plan"}, headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert response.headers["HX-Push-Url"] == "false"


@pytest.mark.one_database
@pytest.mark.parametrize("deed", ["value/save", "ban", "segments/leave", "undo", "split"])
def test_the_address_of_a_deed_leads_to_the_person_or_to_that_there_is_none(browse, ada, workspace, deed):
    found = browse.get(f"/users/{ada.public_id}/{deed}", {"tab": "timeline"})
    assert found.headers["Location"] == f"/users/{ada.public_id}?tab=timeline"
    start(workspace, "test", Action.delete(), Selection.of_ids([ada.id]))
    assert browse.get(f"/users/{ada.public_id}/{deed}", follow=True).status_code == 404
    assert browse.put(f"/users/{ada.public_id}/{deed}").status_code == 405


@pytest.mark.one_database
def test_a_viewer_reads_the_history_and_changes_nothing(client_of, viewer, ada):
    client = client_of(viewer)
    page = client.get(f"/users/{ada.public_id}/value", {"key": "plan"})
    assert "free now set by test" in text_of(page)
    for words in ("Save", "Remove", "Restore"):
        assert words not in text_of(page)
    fields = {"key": "plan", "value": "pro", "seen": '"free"'}
    assert client.post(f"/users/{ada.public_id}/value/save", fields).status_code == 403
    profile = client.get(f"/users/{ada.public_id}").content.decode()
    for words in ("Edit Name", "Add user data", ">Ban<", "Add to segment"):
        assert words not in profile
    assert now_on(ada).attributes["plan"] == "free"


def test_a_stranger_of_another_workspace_finds_nobody(client_of, stranger, ada):
    client = client_of(stranger)
    for path in ("", "/value?key=plan", "/add", "/segments", "/note", "/why", "/place", "/step"):
        assert client.get(f"/users/{ada.public_id}{path}").status_code == 404
    for path in ("/value/save", "/add", "/ban", "/segments", "/segments/leave", "/note", "/undo"):
        assert client.post(f"/users/{ada.public_id}{path}", {"key": "plan", "value": "x"}).status_code == 404
    assert now_on(ada).attributes == ada.attributes


class TestAdding:
    """One more attribute."""

    def add(self, browse, person, **fields):
        return browse.post(f"/users/{person.public_id}/add", {"type": "text"} | fields, follow=True)

    def test_one_that_there_is_by_its_key_or_its_label(self, browse, ada, workspace):
        make_person(workspace, budget="x")
        Attribute.objects.filter(workspace=workspace, key="budget").update(type="number", label="The Budget")
        self.add(browse, ada, key="the budget", value="7")
        assert now_on(ada).attributes["budget"] == 7
        self.add(browse, ada, key="Country", value="NO")
        assert now_on(ada).attributes["default_country"] == "Norway"

    @pytest.mark.parametrize(
        ("kind", "typed", "stored"),
        [("text", "7", "7"), ("number", "7", 7), ("boolean", "true", True), ("time", "2026-11-24", "2026-11-24")],
    )
    def test_a_new_one_of_a_type(self, browse, ada, workspace, kind, typed, stored):
        response = self.add(browse, ada, key="fresh", type=kind, value=typed)
        assert "fresh set to" in said_on(response)
        assert now_on(ada).attributes["fresh"] == stored
        assert Attribute.objects.get(workspace=workspace, key="fresh").type == kind
        undo(browse, ada, response)
        assert "fresh" not in now_on(ada).attributes

    @pytest.mark.one_database
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"key": "", "value": "x"}, "Choose an attribute, or name a new one."),
            ({"key": "x", "value": " "}, "Type a value."),
            ({"key": "x" * 129, "value": "x"}, "is not a name of 1 to 128 characters."),
            ({"key": "default_evil", "value": "x"}, "names that begin with default_ are reserved."),
            ({"key": "userId", "value": "x"}, "this name is reserved."),
            ({"key": "id", "value": "x"}, "this name is reserved."),
            ({"key": "x", "value": "x", "type": "secret"}, "Choose the type of the new attribute."),
            ({"key": "x", "value": "x", "type": "number"}, "“x” is not a number."),
            ({"key": "plan", "value": "pro"}, "There is a value of this attribute already."),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field(self, browse, ada, workspace, fields, words):
        response = self.add(browse, ada, **fields)
        assert response.status_code == 422
        assert words in text_of(response)
        assert now_on(ada).attributes == ada.attributes
        assert not Attribute.objects.filter(workspace=workspace, key="x").exists()

    def test_twice_is_once(self, browse, ada):
        for _ in range(2):
            response = self.add(browse, ada, key="fresh", value="7")
            assert response.status_code == 200
        assert now_on(ada).attributes["fresh"] == "7"


class TestLastSession:
    """What the latest chat collected."""

    @pytest.fixture
    def chat(self, ada, talk, workspace):
        """Her second chat; the first one is an hour older."""
        talk(ada, "one", session={"order": "FH-1", "bags": 2, "gift": True}, at=ada.last_seen, session_id="one")
        talk(ada, "two", session={"order": "FH-2", "bags": 2, "note": "fast"}, session_id="two")
        return Chat.objects.get(workspace=workspace, session_id="two")

    def test_it_says_what_is_new_what_changed_and_what_is_missing(self, browse, ada, chat):
        text = text_of(browse.get(f"/users/{ada.public_id}"))
        assert "order FH-2 was FH-1" in text
        assert "note fast new" in text
        assert "bags 2" in text
        assert "Only in the session before: gift true" in text.replace("yes", "true")

    def test_a_value_of_it_is_changed_removed_and_undone(self, browse, ada, chat):
        where = {"scope": "session", "chat": chat.public_id}
        response = edit(browse, ada, "order", "FH-3", **where)
        assert "order changed from FH-2 to FH-3." in said_on(response)
        assert "order FH-3 was FH-1 set by you" in text_of(response)
        response = edit(browse, ada, "note", None, **where)
        chat.refresh_from_db()
        assert chat.attributes == {"order": "FH-3", "bags": 2}
        undo(browse, ada, response)
        chat.refresh_from_db()
        assert chat.attributes["note"] == "fast"
        history = text_of(browse.get(f"/users/{ada.public_id}/value", {"key": "order", **where}))
        assert "FH-2 collected in a chat on Shop" in history

    def test_a_value_is_added_to_it(self, browse, ada, chat):
        fields = {"chat": chat.public_id, "key": "grind", "type": "text", "value": "fine"}
        browse.post(f"/users/{ada.public_id}/add", fields)
        chat.refresh_from_db()
        assert chat.attributes["grind"] == "fine"
        assert "grind" not in now_on(ada).attributes

    def test_hidden_attributes_of_chats_stay_hidden(self, browse, ada, chat, workspace):
        Attribute.objects.filter(workspace=workspace, scope="session", key="note").update(hidden=True)
        assert "fast" not in said_on(browse.get(f"/users/{ada.public_id}"))
        where = {"scope": "session", "chat": chat.public_id, "key": "note"}
        assert "fast" not in said_on(browse.get(f"/users/{ada.public_id}/value", where, follow=True))
        save(browse, ada, **where, seen=json.dumps("fast"), value="slow")
        chat.refresh_from_db()
        assert chat.attributes["note"] == "fast"

    @pytest.mark.one_database
    def test_it_says_why_it_is_empty(self, browse, ada, chat, workspace, talk):
        address = f"/users/{ada.public_id}"
        where = {"scope": "session", "chat": chat.public_id}
        attributes = Attribute.objects.filter(workspace=workspace, scope="session")
        attributes.update(hidden=True)
        assert "What the latest chat collected is hidden in Settings." in text_of(browse.get(address))
        attributes.update(hidden=False)
        for key in ("order", "bags", "note"):
            edit(browse, ada, key, None, **where)
        assert "What the latest chat collected was removed." in text_of(browse.get(address))
        talk(ada, "three", session_id="three")
        assert "The latest chat collected nothing." in text_of(browse.get(address))

    def test_a_chat_of_somebody_else_is_no_way_to_its_values(self, browse, chat, workspace):
        bob = make_person(workspace, default_name="Bob")
        where = {"scope": "session", "chat": chat.public_id, "key": "order"}
        assert "FH-2" not in said_on(browse.get(f"/users/{bob.public_id}/value", where, follow=True))
        save(browse, bob, **where, seen='"FH-2"', value="mine")
        chat.refresh_from_db()
        assert chat.attributes["order"] == "FH-2"
