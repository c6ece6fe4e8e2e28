"""`GET /api/users`: shapes, filters in every form, paging, exact counts."""

import datetime as dt
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.accounts.models import Workspace
from coterie.audience.models import Attribute, Scope
from coterie.channels.models import Channel
from coterie.chats.models import Chat
from coterie.segments.catalogue import create
from tests.makers import START, make_people, make_person, put_in
from tests.profiles import examples

KEYS = {
    f"default_{name}"
    for name in (
        *("email", "name", "url", "avatar", "language", "timezone", "gender"),
        *("ip", "city", "region", "country", "referrer", "username"),
    )
}


@pytest.fixture
def listed(api):
    """The user ids that a query string lists, after checking that the count agrees."""

    def ask(query=""):
        answer = api.get(f"/api/users?{query}")
        assert answer.status_code == 200, answer.content
        data = answer.json()
        assert data["count"] >= len(data["data"])
        return [user["userId"] for user in data["data"]]

    return ask


@pytest.fixture
def cast(workspace):
    """Four people who differ in everything that is filtered by."""
    news = create(workspace, "News", "test")
    day = dt.timedelta(days=1)
    ana = make_person(
        workspace,
        user_id="ana",
        default_name="Ana",
        default_email="ana@example.com",
        default_country="Poland",
        plan="pro",
        n=3,
        created_at=START,
        last_seen=START + 9 * day,
    )
    make_person(
        workspace,
        user_id="bob",
        default_name="Bob",
        default_email="bob@example.org",
        default_country="France",
        plan="free",
        n=5,
        created_at=START + day,
        last_seen=START + 8 * day,
    )
    make_person(workspace, user_id="cyd", default_country="Poland", created_at=START + 2 * day, last_seen=None)
    put_in(workspace, "test", [news.id], [ana.id])
    return news


def test_a_listed_user_has_the_documented_shape(workspace, api):
    person = make_person(
        workspace, user_id="u1", default_name="Zoë", default_source="widget", plan="pro", n=3, chats=4, last_seen=START
    )
    answer = api.get("/api/users").json()
    assert set(answer) == {"data", "count", "next"}
    user = answer["data"][0]
    assert set(user) == {"id", "userId", "banned", "attributes", "conversations", "createdAt", "lastSeen"}
    assert (user["id"], user["userId"], user["banned"], user["conversations"]) == (person.public_id, "u1", False, 4)
    assert user["createdAt"] == user["lastSeen"] == "2026-05-01T12:00:00.000Z"
    assert set(user["attributes"]) == KEYS | {"default_source", "plan", "n"}
    assert user["attributes"]["default_name"] == "Zoë"
    assert user["attributes"]["default_email"] is None
    assert user["attributes"]["n"] == 3


def test_newest_users_come_first_by_default(cast, listed):
    assert listed() == ["cyd", "bob", "ana"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort.field=createdAt&sort.order=asc", ["ana", "bob", "cyd"]),
        ("sort[field]=lastSeen&sort[order]=asc", ["bob", "ana", "cyd"]),
        ("sort[field]=lastSeen", ["ana", "bob", "cyd"]),
        ("sort=" + quote('{"field":"lastSeen","order":"desc"}'), ["ana", "bob", "cyd"]),
        ("sort=-lastSeen", ["ana", "bob", "cyd"]),
        ("sort=default_name", ["ana", "bob", "cyd"]),
    ],
)
def test_sort_is_understood_in_every_form(cast, listed, query, expected):
    assert listed(query) == expected


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([{"type": "default_email", "rule": "is", "value": "ANA@example.com"}], ["ana"]),
        ([{"type": "Default Email", "rule": "contains", "value": "example"}], ["bob", "ana"]),
        ([{"type": "default_name", "value": "bob"}], ["bob"]),
        ([{"type": "Default Name", "rule": "isSet"}], ["bob", "ana"]),
        ([{"type": "Customer User ID", "rule": "starts_with", "value": "c"}], ["cyd"]),
        ([{"type": "userId", "rule": "any_of", "values": ["ana", "cyd"]}], ["cyd", "ana"]),
        ([{"type": "attribute", "attribute": "plan", "rule": "isNot", "value": "pro"}], ["cyd", "bob"]),
        ([{"type": "Attribute", "attribute": "n", "rule": "gt", "value": 4}], ["bob"]),
        ([{"type": "Attribute", "attribute": "n", "value": "3"}], ["ana"]),
        ([{"type": "attribute", "attribute": "default_country", "value": "Poland"}], ["cyd", "ana"]),
        ([{"type": "banned", "value": False}], ["cyd", "bob", "ana"]),
        ([{"type": "Banned", "rule": "is", "value": "true"}], []),
        ([{"type": "Created At", "rule": "before", "value": "2026-05-02"}], ["ana"]),
        ([{"type": "createdAt", "value": "2026-05-02"}], ["bob"]),
        ([{"type": "Last Seen At", "rule": "after", "value": "2026-05-09"}], ["ana"]),
        ([{"type": "lastSeen", "rule": "is_empty"}], ["cyd"]),
        ([{"type": "Segment"}], None),
        ([{"type": "Segment", "rule": "isNot"}], None),
        ([{"type": "default_email", "rule": "is_set"}, {"type": "banned", "value": "false"}], ["bob", "ana"]),
    ],
)
def test_the_eight_kinds_filter_in_json_bracket_and_dotted_form(cast, listed, filters, expected):
    if filters[0]["type"] == "Segment":
        filters[0]["value"] = cast.public_id
        expected = ["cyd", "bob"] if filters[0].get("rule") else ["ana"]
    brackets, dots = [], []
    for index, one in enumerate(filters):
        for key, value in one.items():
            for number, raw in enumerate(value if isinstance(value, list) else [value]):
                item = str(raw).lower() if isinstance(raw, bool) else raw
                inner = f"[{number}]" if isinstance(value, list) else ""
                brackets.append((f"filters[{index}][{key}]{inner}", item))
                dots.append((f"filters.{index}.{key}{inner and f'.{number}'}", item))
    assert listed("filters=" + quote(json.dumps(filters))) == expected
    assert listed(urlencode(brackets)) == expected
    assert listed(urlencode(dots)) == expected


@pytest.mark.one_database
def test_match_any_joins_all_forms(cast, listed):
    one = urlencode([("filters[0][type]", "default_name"), ("filters[0][value]", "Bob")])
    assert listed(f"match=any&{one}&f=userId:is:cyd") == ["cyd", "bob"]
    assert listed(f"match=all&{one}&f=userId:is:cyd") == []


@pytest.mark.one_database
def test_the_url_form_of_the_pages_is_understood(cast, listed):
    assert listed("match=all&f=default_country:is:Poland&f=plan:is:pro&sort=-lastSeen") == ["ana"]
    nested = quote(json.dumps({"any": [{"attribute": "plan", "rule": "is", "values": ["free"]}]}))
    assert listed(f"q={nested}") == ["bob"]


@pytest.mark.one_database
def test_columns_narrow_the_custom_attributes(cast, api):
    users = {user["userId"]: user["attributes"] for user in api.get("/api/users?columns=plan,userId").json()["data"]}
    assert set(users["ana"]) == KEYS | {"plan"}


def test_pages_follow_the_last_id_and_the_count_stays_exact(workspace, api):
    people = [person.public_id for person in make_people(workspace, 5)]
    seen, after = [], ""
    while True:
        answer = api.get(f"/api/users?limit=2&after={after}").json()
        assert answer["count"] == 5
        if not answer["data"]:
            break
        seen += [user["id"] for user in answer["data"]]
        after = seen[-1]
    assert sorted(seen) == sorted(people)
    assert len(seen) == 5


def test_pages_follow_our_own_cursor(workspace, api):
    make_people(workspace, 3)
    first = api.get("/api/users?limit=2&sort=-lastSeen").json()
    second = api.get(f"/api/users?limit=2&sort=-lastSeen&after={first['next']}").json()
    assert len(second["data"]) == 1
    assert second["next"] is None


def test_forty_users_fit_a_page(workspace, api):
    make_people(workspace, 41)
    answer = api.get("/api/users").json()
    assert (len(answer["data"]), answer["count"]) == (40, 41)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "limit"),
        ("limit=41", "limit"),
        ("limit=x", "limit"),
        ("limit=²", "limit"),
        ("after=nonsense", "after"),
        ("after=5b7ff84cc7ca3fb33c9249a8", "after"),
        ("sort[field]=name", "sort.field"),
        ("sort[order]=up", "sort.order"),
        ("sort=shoe", "sort"),
        ("match=some", "match"),
        ("f=shoe:is:x", "f[0]"),
        ("f=default_name:is:x&f=default_name:near:x", "f[1]"),
        ("f=lastSeen:before:soon", "f[0]"),
        ("q={", "q"),
        ("q=[]", "q"),
        ("filters=[{", "filters"),
        ("filters=x", "filters"),
        ("filters=[]", "filters"),
        ("filters=[1]", "filters[0]"),
        ("filters[0][type]=shoe", "filters[0].type"),
        ("filters[0][rule]=is", "filters[0].type"),
        ("filters[0][type]=attribute", "filters[0].attribute"),
        ("filters[0][type]=banned&filters[0][attribute]=x", "filters[0].attribute"),
        ("filters[0][type]=attribute&filters[0][attribute]=shoe", "filters[0].attribute"),
        ("filters[0][type]=banned&filters[0][shoe]=x", "filters[0]"),
        ("filters[0][type]=default_name&filters[0][value][x]=y", "filters[0].value"),
        ("filters[0][type]=default_name&filters[0][rule]=near", "filter[0]"),
        ("filters[0]=x&filters[0][type]=y", None),
        ("filters[0][type=x", "filters[0][type"),
        ("columns=shoe", "columns"),
        ("&".join(f"filters[{n}][type]=banned" for n in range(6)), "filters"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(cast, api, query, where):
    answer = api.get(f"/api/users?{query}")
    assert answer.status_code == 422
    status = answer.json()["status"]
    assert (status["code"], status["type"]) == (422, "error")
    assert where is None or status["details"][0]["where"] == where


@pytest.mark.one_database
def test_every_broken_filter_is_named(cast, api):
    details = api.get("/api/users?f=shoe:is:x&f=default_name:near:x").json()["status"]["details"]
    assert [detail["where"] for detail in details] == ["f[0]", "f[1]"]
    assert "default_email" in details[0]["allowed"]
    assert "starts_with" in details[1]["allowed"]


def test_another_workspace_does_not_show(workspace, other_workspace, api, api_of):
    mine, theirs = make_person(workspace, plan="pro"), make_person(other_workspace, shoe="43")
    assert [user["id"] for user in api.get("/api/users").json()["data"]] == [mine.public_id]
    assert api.get(f"/api/users/{theirs.public_id}").status_code == 404
    assert api.get(f"/api/users?after={theirs.public_id}").status_code == 422
    assert api.get("/api/users?f=shoe:is:43").status_code == 422
    segment = create(other_workspace, "News", "test")
    put_in(other_workspace, "test", [segment.id], [theirs.id])
    assert api.get(f"/api/users?f=segment:in:{segment.public_id}").status_code == 422
    assert api_of(other_workspace).get(f"/api/users/{theirs.public_id}").status_code == 200


def test_one_user_has_session_attributes_chats_and_segments(workspace, api):
    channel = Channel.objects.create(workspace=workspace, kind="api", name="App")
    person = make_person(workspace, user_id="u1", plan="pro")
    segment = create(workspace, "News", "test")
    put_in(workspace, "test", [segment.id], [person.id])
    for number, spoke in enumerate([True, True, False]):
        at = START + dt.timedelta(days=number)
        Chat.objects.create(
            workspace=workspace,
            person_id=person.id,
            channel_id=channel.id,
            source="api",
            session_id=f"s{number}",
            started_at=at,
            last_at=at,
            messages=2,
            by_user=spoke,
            attributes={"topic": number},
        )
    user = api.get(f"/api/users/{person.public_id}").json()
    assert user["sessionAttributes"] == {"topic": 1}
    assert [chat["sessionId"] for chat in user["conversations"]] == ["s1", "s0"]
    assert user["conversations"][0]["finished"] is True
    assert user["segments"] == [{"id": segment.public_id, "name": "News"}]
    assert user["attributes"]["plan"] == "pro"
    assert set(user["attributes"]) == KEYS | {"plan"}


@pytest.mark.parametrize("user_id", ["5b7ff84cc7ca3fb33c9249a8", "x", "%00", "u1", "é" * 200])
def test_an_unknown_user_is_404(workspace, api, user_id):
    make_person(workspace, user_id="u1")
    answer = api.get(f"/api/users/{user_id}")
    assert (answer.status_code, answer.json()["status"]["type"]) == (404, "error")


NAMES = st.sampled_from(
    [
        *("limit", "after", "sort", "sort[field]", "sort.order", "match", "f", "q", "columns", "filters"),
        *("filters[0]", "filters[0][type]", "filters.0.rule", "filters[0][value]", "filters[0][values][]"),
        *("filters[0][attribute]", "filters[]", "filters[x][y]", "filters[0][0][0][0][0]", "sort[", "filters[0].type"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(["1", "40", "all", "any", "asc", "lastSeen", "-createdAt", "attribute", "banned", "plan", "is"]),
    st.sampled_from(["default_name:is:x", "plan:any_of:a|b", "lastSeen:in_last:7 days", "n:between:1|2", "{}", "[]"]),
    st.sampled_from(['{"all":[]}', '{"not":{"any":[]}}', '[{"type":"segment","value":null}]', "[[[[", "\x00", "'"]),
    st.text(max_size=30),
)


@pytest.fixture(scope="module")
def crowd(database):
    """A workspace that the fuzzing shares."""
    workspace = Workspace.objects.create(name="Fuzz")
    make_person(workspace, plan="pro", n=3)
    return workspace


@examples(1.2)
@given(pairs=st.lists(st.tuples(NAMES, VALUES), max_size=6), raw=st.booleans())
def test_no_query_string_breaks_the_server(crowd, api_of, pairs, raw):
    query = "&".join(f"{name}={value}" for name, value in pairs) if raw else urlencode(pairs, errors="replace")
    client = _client(crowd, api_of)
    answer = client.get("/api/users", QUERY_STRING=query.encode(errors="replace").decode("latin-1"))
    assert answer.status_code in (200, 422), answer.content
    assert answer["Content-Type"].startswith("application/json")


_clients = {}


def _client(workspace, api_of):
    """One client for all examples."""
    return (
        _clients.setdefault(workspace.pk, api_of(workspace)) if workspace.pk not in _clients else _clients[workspace.pk]
    )


def hide(workspace, *keys, scope=Scope.PERSON):
    for key in keys:
        row, _made = Attribute.objects.get_or_create(workspace=workspace, scope=scope, key=key)
        Attribute.objects.filter(pk=row.pk).update(hidden=True)


@pytest.mark.one_database
def test_hidden_attributes_are_in_no_answer(workspace, api):
    ada = make_person(workspace, default_name="Ada", default_city="Oslo", plan="pro", vip=True)
    hide(workspace, "default_city", "plan")
    for user in (api.get("/api/users").json()["data"][0], api.get(f"/api/users/{ada.public_id}").json()):
        assert "plan" not in user["attributes"]
        assert user["attributes"]["default_city"] is None
        assert (user["attributes"]["default_name"], user["attributes"]["vip"]) == ("Ada", True)


@pytest.mark.one_database
@pytest.mark.parametrize(
    "query",
    [
        "f=plan:is:pro",
        "sort=plan",
        "columns=plan",
        "columns=vip,plan",
        'filters=[{"type":"attribute","attribute":"plan","value":"pro"}]',
    ],
)
def test_asking_for_a_hidden_attribute_is_refused_by_name(workspace, api, query):
    make_person(workspace, plan="pro", vip=True)
    hide(workspace, "plan")
    response = api.get(f"/api/users?{query}")
    assert response.status_code == 422
    assert "“plan” is hidden in Settings." in response.json()["status"]["message"]


def test_hidden_attributes_of_chats_are_left_out_of_the_user(workspace, api):
    ada = make_person(workspace)
    at = START
    Chat.objects.create(
        **{"workspace": workspace, "person_id": ada.id, "channel_id": 1, "source": "api", "session_id": "s"},
        **{"started_at": at, "last_at": at, "by_user": True, "attributes": {"topic": "x", "mood": "y"}},
    )
    hide(workspace, "topic", scope=Scope.SESSION)
    assert api.get(f"/api/users/{ada.public_id}").json()["sessionAttributes"] == {"mood": "y"}


@pytest.fixture
def searched(workspace):
    """Five called Ada among others, in turns."""
    people = [{"user_id": f"{'ada' if number % 2 else 'luz'}-{number}"} for number in range(10)]
    return [make_person(workspace, **fields, default_country="Poland") for fields in people]


@pytest.mark.parametrize(
    "query",
    [
        "search=ADA-",
        "search=ada-&f=default_country:is:Poland",
        "f=chats:gte:0&search=a-",
        "search=da&filters[0][type]=userId&filters[0][rule]=contains&filters[0][value]=ada",
        "match=any&search=ada",
    ],
)
def test_a_search_narrows_every_page(api, searched, query):
    for step in ("id", "next"):
        found, after = [], ""
        for _page in range(6):
            answer = api.get(f"/api/users?{query}&limit=2{f'&after={after}' if after else ''}").json()
            assert answer["count"] == 5
            found += [person["userId"] for person in answer["data"]]
            if answer["next"] is None:
                break
            after = answer["next"] if step == "next" else answer["data"][-1]["id"]
        assert sorted(found) == ["ada-1", "ada-3", "ada-5", "ada-7", "ada-9"]


@pytest.mark.parametrize(
    ("text", "found"), [("50%", ["50%"]), ("a_b", ["a_b"]), ("'", ["it's"]), ("%", ["50%"]), ("x", [])]
)
def test_a_search_is_literal(workspace, listed, text, found):
    for name in ("50%", "500", "a_b", "aab", "it's"):
        make_person(workspace, user_id=name)
    assert listed(f"search={quote(text)}") == found


@pytest.mark.one_database
def test_a_search_that_is_too_long_is_refused(api, searched):
    answer = api.get(f"/api/users?search={'x' * 1025}")
    assert answer.status_code == 422
    assert "1024" in answer.content.decode()


@pytest.mark.one_database
def test_the_next_of_another_list_is_refused(api, searched):
    after = api.get("/api/users?search=ada&limit=2").json()["next"]
    answer = api.get(f"/api/users?limit=2&after={after}")
    assert answer.status_code == 422
    assert "same filters and sort" in answer.content.decode()


@pytest.mark.one_database
def test_the_search_is_described(client):
    parameters = client.get("/api/openapi.json").json()["paths"]["/api/users"]["get"]["parameters"]
    assert "search" in {parameter["name"] for parameter in parameters}
