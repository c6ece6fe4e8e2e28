"""What the page is offered after a signal: what is new in the shown list."""

import pytest

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.changes import People
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.web import news as news_module
from tests.makers import put_in
from tests.web.pages import link, text_of

PRO = "f%3Dplan%3Ais%3Apro"


@pytest.fixture
def ask(browse, workspace):
    """`ask(shown=3)`: the offer to a page that was loaded at the fixture's last `mark()`; None when there is none."""

    class Asking:
        since = 0

        def mark(self):
            workspace.refresh_from_db()
            self.since = workspace.revision

        def __call__(self, shown, view="", since=None):
            asked = f"since={self.since if since is None else since}&shown={shown}&view={view}"
            self.response = browse.get(f"/users/news?{asked}")
            if self.response.status_code == 204:
                return None
            assert self.response.status_code == 200
            return text_of(self.response).removesuffix(" Show")

    return Asking()


@pytest.fixture
def edit(workspace):
    """Factory: `edit(people, plan="pro")` sets attributes; None removes one."""

    def change(people: list[Person], **values):
        def work(tx):
            locked = People.lock(tx, [person.id for person in people])
            for person in locked:
                locked.set(person, {key: value for key, value in values.items() if value is not None}, now())
                locked.unset(person, [key for key, value in values.items() if value is None])
            locked.save()

        commit(workspace.pk, "test", work)

    return change


@pytest.fixture
def talk(workspace):
    """Factory: these people chat again."""

    def chat(people: list[Person]):
        def work(tx):
            locked = People.lock(tx, [person.id for person in people])
            for person in locked:
                locked.seen(person, now())
            locked.save()

        commit(workspace.pk, "test", work)

    return chat


@pytest.mark.one_database
def test_nothing_new_is_no_offer(ask, crowd):
    crowd(3)
    ask.mark()
    assert ask(shown=3) is None


def test_new_people_are_counted(ask, crowd):
    crowd(1)
    ask.mark()
    crowd(1)
    assert ask(shown=1) == "1 new person"
    crowd(11)
    assert ask(shown=1) == "12 new people"


@pytest.mark.one_database
def test_the_offer_leads_to_the_first_page_of_the_same_view(ask, crowd):
    crowd(1, plan="pro")
    ask.mark()
    crowd(1, plan="pro")
    ask(shown=1, view=f"{PRO}%26sort%3DcreatedAt")
    assert link(ask.response, "news") == "/users?f=plan:is:pro&sort=createdAt"


def test_known_people_who_talk_are_not_new(ask, crowd, talk):
    people = crowd(3)
    ask.mark()
    talk(people[:1])
    assert ask(shown=3) == "1 person chatted again"
    talk(people[:2])
    assert ask(shown=3) == "2 people chatted again"


def test_new_people_who_talk_again_are_still_new(ask, crowd, talk):
    crowd(1)
    ask.mark()
    talk(crowd(2))
    assert ask(shown=1) == "2 new people"


def test_only_people_of_the_shown_list_count(ask, crowd, talk):
    crowd(2, plan="pro")
    free = crowd(2, plan="free")
    ask.mark()
    crowd(3, plan="free")
    talk(free)
    assert ask(shown=2, view=PRO) is None
    crowd(1, plan="pro")
    assert ask(shown=2, view=PRO) == "1 new person"


def test_a_new_person_counts_although_another_left_the_list(ask, crowd, edit):
    people = crowd(3, plan="pro")
    ask.mark()
    edit(people[:1], plan="free")
    crowd(1, plan="pro")
    assert ask(shown=3, view=PRO) == "1 new person"


def test_somebody_who_left_the_list_is_not_new_but_the_list_has_changed(ask, crowd, edit):
    people = crowd(3, plan="pro")
    ask.mark()
    edit(people[:1], plan="free")
    assert ask(shown=3, view=PRO) == "The list has changed"


def test_somebody_who_came_and_went_is_no_news(ask, crowd, edit):
    crowd(2, plan="pro")
    ask.mark()
    edit(crowd(1, plan="pro"), plan="free")
    assert ask(shown=2, view=PRO) is None


def test_edits_of_shown_people_change_the_list(ask, crowd, edit):
    people = crowd(2, plan="pro")
    crowd(1, plan="free")
    ask.mark()
    edit(people[:1], size="10")
    assert ask(shown=2, view=PRO) == "The list has changed"


def test_edits_of_people_outside_the_list_do_not(ask, crowd, edit):
    crowd(2, plan="pro")
    free = crowd(1, plan="free")
    ask.mark()
    edit(free, size="10")
    assert ask(shown=2, view=PRO) is None


def test_what_a_colleague_saves_to_a_segment_changes_the_list(ask, crowd, workspace):
    people = crowd(2)
    segment = create(workspace, "Friends", "test")
    ask.mark()
    put_in(workspace, "test", [segment.id], [people[0].id])
    assert ask(shown=2) == "The list has changed"


def test_more_than_a_thousand_are_not_counted_out(ask, crowd, talk):
    crowd(1)
    ask.mark()
    many = crowd(1_001)
    assert ask(shown=1) == "More than 1,000 new people"
    ask.mark()
    talk(many)
    assert ask(shown=1_002) == "More than 1,000 people chatted again"
    ask.mark()
    talk(many[:1_000])
    assert ask(shown=1_002) == "1,000 people chatted again"


def test_of_endless_changes_only_what_is_certain_is_said(ask, crowd, edit, talk, monkeypatch):
    monkeypatch.setattr(news_module, "MOST", 20)
    monkeypatch.setattr(news_module, "_ENTRIES", 30)
    pro, free = crowd(25, plan="pro"), crowd(40, plan="free")
    ask.mark()
    talk(free)
    assert ask(shown=25, view=PRO) is None
    talk(pro[:3])
    assert ask(shown=25, view=PRO) == "The list has changed"
    talk(pro)
    assert ask(shown=25, view=PRO) == "More than 20 people chatted again"
    crowd(21, plan="pro")
    edit(free, size="10")
    assert ask(shown=25, view=PRO) == "More than 20 new people"


def test_a_page_whose_total_is_still_being_counted_hears_of_people_too(ask, crowd):
    crowd(1)
    ask.mark()
    assert ask(shown="") is None
    crowd(2)
    assert ask(shown="") == "2 new people"


def test_the_first_person_of_all_is_news_on_the_empty_page(ask, crowd):
    crowd(1)
    assert ask(shown=0) == "1 new person"


def test_people_of_other_workspaces_are_no_news(ask, crowd, other_workspace):
    crowd(1)
    ask.mark()
    crowd(5, in_workspace=other_workspace)
    assert ask(shown=1) is None
    assert ask(shown=1, since=0) == "1 new person"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "since=x&shown=1",
        "since=-1&shown=1",
        "since=99999999999999999999999&shown=0",
        "since=0&shown=1&view=f%3Dno%3Ais%3A1",
    ],
)
def test_a_meaningless_question_has_no_answer(browse, crowd, query):
    crowd(2)
    assert browse.get(f"/users/news?{query}").status_code == 204
