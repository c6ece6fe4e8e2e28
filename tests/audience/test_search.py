"""The search: a text to the letter, in whatever case, in the name, the e-mail address, the username and the user id."""

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import SEARCHED
from coterie.audience.models import Attribute, Scope
from coterie.audience.tree import MAX_CONDITIONS, Any, Condition, FilterError, Search
from coterie.audience.view import View
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person
from tests.audience.asking import asked

NAMES = [
    "50% off", "50 off", "a_b", "aXb", "back\\slash", "O'Neil", 'say "hi"', "👩‍👩‍👧 Family", "👧 Child", "Ünal", "unal",
    "STRASSE", "Straße", "İpek", "Σίσυφος", "\u05e9\u05dc\u05d5\u05dd", "a|b:c", "tab\tinside", "[ab]", "*", "?",
]  # fmt: skip


pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def named(database: str) -> Audience:
    """People of these names, whom nobody changes."""
    workspace = Workspace.objects.create(name="Named")
    people = [
        Person(user_id=f"#{number}", attributes={"default_name": name, "default_city": "Everywhere"})
        for number, name in enumerate(NAMES)
    ]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    return audience_of(workspace)


def found(audience: Audience, text: str) -> set[str]:
    page = audience.page(View(search=text), 100)
    assert page.total == len(page.rows)
    return {str(row.attributes.get("default_name", row.user_id)) for row in page.rows}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("%", {"50% off"}),
        ("0%", {"50% off"}),
        ("_", {"a_b"}),
        ("A_B", {"a_b"}),
        ("\\", {"back\\slash"}),
        ("'", {"O'Neil"}),
        ("o'neil", {"O'Neil"}),
        ('"', {'say "hi"'}),
        ("👩", {"👩‍👩‍👧 Family"}),
        ("👧", {"👩‍👩‍👧 Family", "👧 Child"}),
        ("ünal", {"Ünal"}),
        ("U\u0308NAL", {"Ünal"}),
        ("strasse", {"STRASSE"}),
        ("STRAßE", {"Straße"}),
        ("ΣΊΣΥΦΟ", {"Σίσυφος"}),
        ("ipek", {"İpek"}),
        ("\u05dc\u05d5", {"\u05e9\u05dc\u05d5\u05dd"}),
        ("b:c", {"a|b:c"}),
        ("a|b", {"a|b:c"}),
        ("tab\tin", {"tab\tinside"}),
        ("[ab]", {"[ab]"}),
        ("*", {"*"}),
        ("?", {"?"}),
        ("#17", {NAMES[17]}),
        ("everywhere", set()),
        ("' OR '1'='1", set()),
    ],
)
def test_a_search_is_literal(named: Audience, text: str, names: set[str]) -> None:
    assert found(named, text) == names


def test_the_address_brings_it_back(named: Audience) -> None:
    for name in NAMES:
        parsed = asked(named, View(search=name).query)
        assert (parsed.problems, parsed.view.search) == ((), name)
        assert name in found(named, parsed.view.search)


def test_it_looks_in_four_places(workspace: Workspace) -> None:
    keys = ("default_name", "default_email", "default_username", "default_city", "plan")
    people = [
        Person(user_id="needle", attributes={}),
        *(Person(user_id=key, attributes={key: "a NEEDLE"}) for key in keys),
    ]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    rows = audience_of(workspace).page(View(search="needle"), 10).rows
    assert {row.user_id for row in rows} == {"needle", "default_name", "default_email", "default_username"}
    assert set(SEARCHED) == {"userId", "default_name", "default_email", "default_username"}


def test_a_hidden_attribute_is_not_searched(workspace: Workspace) -> None:
    people = [Person(user_id="1", attributes={"default_email": "secret@mail.example"})]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    assert audience_of(workspace).count(Search("secret")) == 1
    Attribute.objects.filter(workspace=workspace, key="default_email", scope=Scope.PERSON).update(hidden=True)
    hidden = audience_of(workspace)
    assert hidden.count(Search("secret")) == 0
    assert hidden.page(View(search="secret"), 5).total == 0


def test_spaces_around_it_do_not_count_and_alone_are_no_search(named: Audience) -> None:
    assert named.parse("search=%20%20o%27neil%09").view.search == "o'neil"
    assert named.parse("search=%20%09").view == View()
    with pytest.raises(FilterError, match="1 to 1024"):
        named.count(Search(" "))


def test_one_that_is_too_long_is_refused_and_not_cut(named: Audience) -> None:
    parsed = named.parse("search=" + "x" * 1025)
    assert [problem.where for problem in parsed.problems] == ["search"]
    with pytest.raises(FilterError, match="1 to 1024"):
        named.count(Search("x" * 1025))


def test_searches_in_groups_are_limited_as_conditions_are(named: Audience) -> None:
    many = tuple(Search(str(number)) for number in range(MAX_CONDITIONS + 2))
    with pytest.raises(FilterError, match="at most 40"):
        named.count(Any(many))
    assert named.parse(View(children=(Any(many),)).query).problems[0].message == "at most 40 conditions."
    empty = (Any(()),) * (MAX_CONDITIONS + 1)
    assert named.parse(View(children=(Any(empty),)).query).problems[0].message == "at most 40 conditions."


def test_forty_filters_leave_room_for_a_search(named: Audience) -> None:
    forty = (Condition("default_city", "is", ("Everywhere",)),) * MAX_CONDITIONS
    parsed = named.parse(View(children=forty, search="o'neil").query)
    assert parsed.problems == ()
    assert named.page(parsed.view, 5).total == 1
