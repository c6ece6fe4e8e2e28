"""The page of one person."""

import datetime as dt
import re
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.accounts.models import ApiToken
from coterie.audience.models import Attribute
from coterie.chats.models import Chat
from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.journal.commit import commit
from coterie.journal.models import Kind
from coterie.people.changes import People
from coterie.people.models import Person
from coterie.profile import notes
from coterie.profile.editing import change_value, set_banned
from coterie.segments.catalogue import create
from tests.makers import make_person, put_in
from tests.web.pages import link, links, listed, said_on, text_of


@pytest.fixture
def page(browse):
    """Factory: the page of a person."""
    return lambda person: browse.get(f"/users/{person.public_id}")


def test_it_shows_what_is_known(page, crowd, workspace):
    person = crowd(1, default_name="Ada", default_city="Oslo", default_country="Norway", plan="pro")[0]
    put_in(workspace, "test", [create(workspace, "Leads", "test").id], [person.id])
    text = text_of(page(person))
    for words in ("Ada", "City Oslo", "Location Oslo, Norway", "plan pro", "User ID " + person.user_id, "Leads"):
        assert words in text
    assert "Email not known" in text


def test_a_person_of_another_workspace_is_not_found(page, crowd, other_workspace):
    person = crowd(1, in_workspace=other_workspace, default_name="Theirs")[0]
    response = page(person)
    assert response.status_code == 404
    assert "Theirs" not in response.content.decode()


@pytest.mark.parametrize(
    "public_id", ["0" * 24, "f" * 24, "x", "0" * 23, "%00", "..%2f", "\u0660" * 24, "-1", "A" * 400]
)
def test_an_id_of_nobody_is_not_found(browse, crowd, public_id):
    crowd(1)
    assert browse.get(f"/users/{public_id}").status_code == 404


def test_hidden_attributes_are_not_shown_not_even_in_a_name(page, crowd, workspace):
    person = crowd(1, default_city="Atlantis", default_country="Norway", default_source="Messenger", secret="x-ray")[0]
    keys = ("default_city", "default_source", "secret")
    Attribute.objects.filter(workspace=workspace, key="secret").update(hidden=True)
    for key in keys[:2]:
        Attribute.objects.update_or_create(workspace=workspace, key=key, scope="person", defaults={"hidden": True})
    response = page(person)
    assert response.status_code == 200
    body = response.content.decode()
    assert "Someone in Norway" in body
    for word in ("Atlantis", "x-ray", "secret", "i-messenger"):
        assert word not in body


@pytest.mark.one_database
def test_the_name_of_whoever_set_a_value_is_text(page, crowd, workspace):
    person = crowd(1, default_name="Ada")[0]
    token = ApiToken.objects.create(workspace=workspace, name="<b>Sync</b> & co", digest=new_id())
    change_value(workspace, f"token:{token.pk}", person.id, "plan", None, "pro")
    body = page(person).content.decode()
    assert "set by <bdi>API token &lt;b&gt;Sync&lt;/b&gt; &amp; co</bdi>, " in body


def test_a_change_is_seen_at_once(page, crowd, workspace):
    person = crowd(1, default_name="Ada")[0]
    page(person)

    def rename(tx):
        people = People.lock(tx, [person.id])
        people.set(people[person.id], {"default_name": "Ada King"}, now())
        people.save()

    commit(workspace.pk, "test", rename)
    assert "Ada King" in text_of(page(person))


def test_chats_are_theirs_alone_newest_first(page, crowd, workspace, other_workspace):
    person, other = crowd(2)
    for whose, place, count, ago in (
        (person, workspace, 3, 5), (person, workspace, 7, 1), (other, workspace, 99, 2),
        (person, other_workspace, 98, 3),
    ):  # fmt: skip
        moment = now() - dt.timedelta(days=ago)
        Chat.objects.create(
            workspace=place,
            id=new_id(),
            person_id=whose.id,
            channel_id=1,
            started_at=moment,
            last_at=moment,
            by_user=True,
            messages=count,
        )
    text = text_of(page(person))
    assert text.index("7 messages") < text.index("3 messages")
    assert "99 messages" not in text
    assert "98 messages" not in text


@pytest.mark.one_database
@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)"]
)
def test_values_are_text(page, crowd, value):
    person = crowd(1, default_name=value, default_avatar=value, default_url=value, plan=value, **{value: value})[0]
    response = page(person)
    assert value in said_on(response)
    body = response.content.decode()
    assert "<script>alert" not in body
    assert "<img" not in body
    assert 'href="javascript' not in body


@pytest.mark.one_database
def test_what_turns_the_direction_of_a_text_is_seen_on_every_page(browse, ada, talk, workspace):
    turned = "\u202egnp\u2066.exe"
    odd = {"default_name": turned, "default_city": turned, "default_source": turned, turned: turned}
    talk(ada, turned, session={turned: turned}, **odd)
    Chat.objects.filter(workspace=workspace).update(story=turned)
    chat = Chat.objects.get(workspace=workspace)
    columns = quote(turned)
    for url in (
        f"/users?columns={columns}",
        f"/users/{ada.public_id}",
        f"/users/{ada.public_id}?tab=timeline",
        "/archives",
        f"/archives/{chat.public_id}",
    ):
        response = browse.get(url, follow=True)
        words = said_on(response)
        assert "\ufffdgnp\ufffd.exe" in words, url
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", words), url


class TestInTheList:
    """Previous and next person of the list one came from."""

    @pytest.fixture
    def people(self, crowd):
        """Four, by name: d, c, b, a is the order in which they were seen."""
        return {name: crowd(1, default_name=name, default_city="Oslo")[0] for name in "abcd"}

    @pytest.fixture
    def step(self, browse):
        """Factory: the name on the page that a step leads to."""

        def to(person, where, view="sort=default_name"):
            page = browse.get(f"/users/{person.public_id}/step", {"to": where, "view": view}, follow=True)
            return text_of(page).split()[1]

        return to

    @pytest.mark.one_database
    def test_the_list_s_links_carry_the_view(self, browse, people):
        rows = browse.get("/users?f=default_city:is:Oslo&sort=default_name").content.decode()
        carried = "?view=f%3Ddefault_city%3Ais%3AOslo%26sort%3Ddefault_name"
        assert f'href="/users/{people["a"].public_id}{carried}"' in rows
        assert f'href="/users/{people["a"].public_id}"' in browse.get("/users?match=all").content.decode()

    def test_steps_lead_along_the_list_and_stay_at_its_ends(self, people, step):
        assert step(people["b"], "next") == "c"
        assert step(people["b"], "previous") == "a"
        assert step(people["a"], "previous") == "a"
        assert step(people["d"], "next") == "d"

    @pytest.mark.one_database
    def test_without_a_list_it_is_everybody_by_last_seen(self, browse, people, step):
        first, second, *_rest = listed(browse.get("/users?match=all"))
        assert step(people[first], "next", "") == second

    @pytest.mark.one_database
    def test_a_filter_leaves_out_who_is_not_on_it(self, people, step):
        assert step(people["a"], "next", "f=default_name:is_not:b&sort=default_name") == "c"

    @pytest.mark.one_database
    def test_somebody_who_is_no_longer_on_the_list_stands_where_they_would(self, people, step):
        assert step(people["b"], "next", "f=default_name:is_not:b&sort=default_name") == "c"
        assert step(people["b"], "previous", "f=default_name:is_not:b&sort=default_name") == "a"

    @pytest.mark.one_database
    @pytest.mark.parametrize("view", ["f=nonsense:is:x", "sort=nonsense", "%%%", "q={", "x" * 9000, "\u202e"])
    def test_a_view_that_is_not_understood_is_everybody(self, browse, people, view):
        response = browse.get(f"/users/{people['b'].public_id}", {"view": view})
        assert response.status_code == 200
        assert browse.get(f"/users/{people['b'].public_id}/place", {"view": view}).status_code == 200

    def test_the_place_is_said_with_who_is_beside(self, browse, people):
        response = browse.get(f"/users/{people['b'].public_id}/place", {"view": "sort=-default_name"})
        assert "3 of 4" in said_on(response)
        assert f"/users/{people['a'].public_id}?view=sort%3D-default_name" in response.content.decode()
        assert f"/users/{people['c'].public_id}?" in response.content.decode()

    def test_somebody_of_another_workspace_has_no_place(self, browse, crowd, other_workspace):
        person = crowd(1, in_workspace=other_workspace)[0]
        assert browse.get(f"/users/{person.public_id}/place").status_code == 404


class TestHistory:
    """Chats and the timeline."""

    def test_chats_are_paged_with_their_first_words(self, browse, ada, talk):
        for number in range(30):
            talk(ada, f"hello {number:02}", at=ada.last_seen + dt.timedelta(hours=number), session_id=f"s-{number}")
        first = browse.get(f"/users/{ada.public_id}")
        older = browse.get(link(first, "chats="))
        words = [f"hello {number:02}" for number in range(30)]
        shown = [word for page in (first, older) for word in words if word in text_of(page)]
        assert sorted(shown) == words
        assert "hello 29" in text_of(first)
        assert "Older chats" not in text_of(older)

    @pytest.mark.one_database
    def test_a_chat_names_its_story_and_beside_it_the_channel(self, browse, ada, talk, workspace):
        talk(ada, "hello")
        assert re.search(r"\d\d:\d\d Shop 1 message hello", text_of(browse.get(f"/users/{ada.public_id}")))
        Chat.objects.filter(workspace=workspace).update(story="Order <help>")
        shown = text_of(browse.get(f"/users/{ada.public_id}"))
        assert re.search(r"\d\d:\d\d Order <help> Shop 1 message hello", shown), shown

    @pytest.mark.one_database
    def test_a_chat_leads_to_its_transcript(self, browse, ada, talk, workspace):
        talk(ada, "hello")
        chat = Chat.objects.get(workspace=workspace, person_id=ada.id)
        assert f'href="/archives/{chat.public_id}"' in browse.get(f"/users/{ada.public_id}").content.decode()

    def test_the_timeline_tells_it_by_day(self, browse, ada, talk):
        talk(ada, "hello", plan="pro")
        text = text_of(browse.get(f"/users/{ada.public_id}", {"tab": "timeline"}))
        assert "Today Shop set Integration empty now api plan free now pro Undo" in text
        assert "Chatted on Shop : 1 message" in text
        assert text.index("Chatted on Shop") < text.index("First seen", text.index("Timeline"))

    def test_whoever_came_with_an_operation_came_with_values_but_not_with_hidden_ones(self, browse, ada, workspace):
        new = {"plan": "gold", "secret": "x-ray"}
        commit(workspace.pk, "test", lambda tx: tx.record(ada.id, Kind.CREATED, None, new))
        Attribute.objects.create(workspace=workspace, key="secret", hidden=True)
        text = text_of(browse.get(f"/users/{ada.public_id}", {"tab": "timeline"}))
        assert "test created them plan empty now gold" in text
        assert "x-ray" not in text

    def test_older_entries_follow_on_the_next_page(self, browse, ada, workspace):
        for number in range(100):
            change_value(workspace, "test", ada.id, "n", number - 1 if number else None, number)
        found, url = [], f"/users/{ada.public_id}?tab=timeline"
        while url:
            page = browse.get(url)
            found += re.findall(r"n (?:empty|\d+) now (\d+) ", text_of(page))
            url = next((one for one in links(page) if "before=" in one), None)
        assert found == [str(number) for number in reversed(range(100))]

    @pytest.mark.parametrize("before", ["x", "-1", "1.x", "9" * 50, ".", "\u0661.\u0661"])
    def test_a_page_that_is_none_is_the_first(self, browse, ada, before):
        response = browse.get(f"/users/{ada.public_id}", {"tab": "timeline", "before": before, "chats": before})
        assert response.status_code == 200

    def test_hidden_attributes_are_not_told(self, browse, ada, talk, workspace):
        talk(ada, "hello", plan="pro", secret="x-ray")
        Attribute.objects.filter(workspace=workspace, key__in=["plan", "secret"]).update(hidden=True)
        text = text_of(browse.get(f"/users/{ada.public_id}", {"tab": "timeline"}))
        assert "x-ray" not in text
        assert "plan" not in text

    @pytest.mark.parametrize("tab", ["chats", "timeline"])
    def test_the_number_of_queries_does_not_grow(self, browse, ada, talk, workspace, tab):
        url = f"/users/{ada.public_id}?tab={tab}"

        def queries():
            with CaptureQueriesContext(connection) as captured:
                assert browse.get(url).status_code == 200
            return len(captured)

        talk(ada, "hello", session={"order": "1"}, plan="pro")
        notes.add(workspace, "member:1", ada.id, new_id(), "A note.")
        put_in(workspace, "test", [create(workspace, "One", "test").id], [ada.id])
        set_banned(workspace, "member:1", ada.id, True)
        browse.get(url)
        few = queries()
        for number in range(12):
            talk(
                ada, "hello", at=ada.last_seen + dt.timedelta(hours=number), session_id=f"s-{number}", plan=f"{number}"
            )
            notes.add(workspace, "member:1", ada.id, new_id(), "A note.")
            segment = create(workspace, f"Segment {number}", "test")
            put_in(workspace, "test", [segment.id], [ada.id])
        browse.get(url)
        assert queries() == few
        assert few <= {"chats": 19, "timeline": 24}[tab]


class TestHead:
    """Who it is, in one look."""

    def test_how_often_they_talk(self, browse, ada, talk):
        for number in range(6):
            talk(ada, at=now() - dt.timedelta(days=number, hours=1), session_id=f"s-{number}")
        Person.objects.filter(workspace_id=ada.workspace_id, id=ada.id).update(created_at=now() - dt.timedelta(days=14))
        page = browse.get(f"/users/{ada.public_id}")
        assert "3 chats a week , 7 in all, last 1 h ago ." in text_of(page)
        assert "26 weeks, 6 active days" in text_of(page)
        assert "Chats per day over the last 26 weeks. Most on" in page.content.decode()

    @pytest.mark.one_database
    def test_who_never_talked(self, browse, workspace):
        person = make_person(workspace, chats=0, last_seen=None)
        text = text_of(browse.get(f"/users/{person.public_id}"))
        assert "No chats yet." in text
        assert "Someone" in text

    @pytest.mark.one_database
    def test_the_address_of_a_picture_is_a_link_and_no_picture(self, browse, workspace):
        person = make_person(workspace, default_avatar="https://pictures.example/ada.png")
        body = browse.get(f"/users/{person.public_id}").content.decode()
        assert 'href="https://pictures.example/ada.png" target="_blank" rel="noopener noreferrer nofollow"' in body
        assert "<img" not in body

    @pytest.mark.one_database
    def test_web_addresses_are_links_that_tell_nobody(self, browse, workspace):
        person = make_person(workspace, default_url="https://example.com/a?b=<c>", default_avatar="javascript:alert(1)")
        body = browse.get(f"/users/{person.public_id}").content.decode()
        assert 'href="https://example.com/a?b=&lt;c&gt;" target="_blank" rel="noopener noreferrer nofollow"' in body
        assert 'href="javascript' not in body
        assert "<img" not in body
