"""What happens in a fixture: two workspaces, some forty people, and work that is not over when the server stops.

`tell` drives the program through its doors and returns what those who open the fixture have to know.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.upgrades import today
from tests.upgrades.doors import (
    TELEGRAM_HEADER,
    Browser,
    api,
    meta_headers,
    one,
    public,
    row,
    send,
    slack_headers,
    sql,
    terminal,
)

PASSWORD = "a fixture opens with this"
TEA, BAKERY = "Harbour Tea", "Hill Bakery"
OWNER, EDITOR, BAKER = "olga@harbour.example", "emil@harbour.example", "boris@bakery.example"
SECRETS = {"slack": "signing-secret-of-slack", "telegram": "secret_of-telegram", "messenger": "app-secret-of-meta"}
# fmt: off
NAMES = [
    "Ada Nowak", "Bea Lind", "Carl Voss", "Dora Hale", "Egon Marsh", "Fatima Aziz",
    "Greta Holm", "Hugo Blum", "Ines Rocha", "Jonas Kirk", "Karin Moe", "Leo Duarte",
    "Mona Reyes", "Nils Berg", "Olivia Stone", "Pavel Zeman", "Quinn Archer", "Rosa Vidal",
    "Sven Dahl", "Tara Singh", "Uma Patel", "Viktor Hahn", "Wanda Lis", "Xenia Popov",
    "Yusuf Kaya", "Zoe Martin", "Åsa Öberg", "Émile Roux", "Łucja Żak", "Maya 山田",
]
# fmt: on
COUNTRIES = ("Poland", "Germany", "Norway")
# The import takes so many rows in a step.
STEP = 6_000
COUNTED = (
    "",
    "f=default_country:is:Poland",
    "f=vip:is_true",
    "f=plan:is:free",
    "match=any&f=default_country:is:Norway&f=vip:is_true",
    "f=banned:is_true",
    "search=Nowak",
)
Known = dict[str, Any]


def tell() -> Known:
    """Everything, in its order."""
    today.nameless()
    known: Known = {"password": PASSWORD, "owner": OWNER, "editor": EDITOR, "secrets": SECRETS, "jobs": {}}
    known["workspaces"] = {TEA: today.workspace(TEA, "Europe/Warsaw"), BAKERY: today.workspace(BAKERY, "UTC")}
    _doors(known)
    owner, editor = Browser(), Browser()
    assert owner.log_in(OWNER, PASSWORD) and editor.log_in(EDITOR, PASSWORD)
    owner.enter(known["workspaces"][TEA])
    known["sessions"] = {"owner": owner.session, "editor": editor.session}
    _people(known)
    _platforms(known)
    _visitor(known)
    _team(known, owner, editor)
    _segments(known, owner)
    _one_person(known, owner)
    _merged(known, owner)
    _erased(known, owner)
    today.close_replicas()  # Erasing may leave a file without a name (see the README); the next question makes one.
    _policies(owner)
    _over(known, owner)
    _waiting_jobs(known, owner)
    _bakery(known)
    known["counts"] = {
        query: api(known["tokens"]["reads"], f"/api/users?limit=1&{query}")["count"] for query in COUNTED
    }
    _waiting_events(known)
    _behind(known)
    known["audit"] = one("SELECT count(*) FROM accounts_auditentry")
    known["made_at"] = dt.datetime.now(dt.UTC).isoformat()
    today.close()
    return known


def _doors(known: Known) -> None:
    """Logins, tokens and channels, as an operator makes them."""
    for email, role, place in (
        (OWNER, "owner", TEA),
        (EDITOR, "editor", TEA),
        ("vera@harbour.example", "viewer", TEA),
        (OWNER, "viewer", BAKERY),
        (BAKER, "owner", BAKERY),
    ):
        terminal("member", "add", email, "--role", role, "--password", PASSWORD, "--workspace", place)
    scopes = {"reads": "read", "writes": "read,write"}
    known["tokens"] = {name: _token(name, of, TEA) for name, of in scopes.items()} | {
        "bakery": _token("till", "read", BAKERY)
    }
    questions = [{"attribute": "default_name", "text": "What is your name?"}]
    known["channels"] = {
        "api": _channel("api", "Shop bot"),
        "old": _channel("api", "Old bot"),
        "widget": _channel("widget", "Site", questions=json.dumps(questions), title="Tea"),
        "slack": _channel("slack", "Team chat", signing_secret=SECRETS["slack"]),
        "telegram": _channel("telegram", "Tea bot", secret=SECRETS["telegram"]),
        "messenger": _channel("messenger", "Page", app_secret=SECRETS["messenger"]),
        "segment": _channel("segment", "Site events"),
        "bakery": _channel("api", "Bread bot", BAKERY),
    }
    terminal("channel", "off", "Old bot", "--workspace", TEA)


def _token(name: str, scopes: str, place: str) -> str:
    made = terminal("token", "create", name, "--scopes", scopes, "--workspace", place, "--json")
    return str(json.loads(made)["token"])


def _channel(kind: str, name: str, place: str = TEA, **values: str) -> dict[str, str]:
    given = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
    made = json.loads(terminal("channel", "add", kind, "--name", name, "--workspace", place, "--json", *given))
    return {"id": made["id"], "path": made["path"], "key": made["key"]}


def _ago(hours: float) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)).isoformat()


def event(number: int, text: str = "", *, hours: float = 1.0, message: str = "", **fields: Any) -> dict[str, Any]:
    """Something that one of `NAMES` said to the shop's bot."""
    said = {"message": text} if text else {}
    return {"messageId": message or f"m-{number}", "userId": f"u-{number}", "timestamp": _ago(hours), **said, **fields}


def deliver(known: Known, body: Any, channel: str = "api") -> dict[str, Any]:
    """Sends it to the bot's channel; raises AssertionError when it was not stored."""
    status, answer = send(known["channels"][channel]["path"], body)
    assert status == 200, answer
    return dict(answer)


def _people(known: Known) -> None:
    """Those whom the shop's bot knows, with attributes of every type, two chats some of them."""
    events = []
    for number, name in enumerate(NAMES):
        attributes = {
            "default_name": name,
            "default_email": f"u{number}@people.example",
            "default_country": COUNTRIES[number % 3],
            "default_language": ("pl", "de", "nb")[number % 3],
            "plan": "free" if number % 2 else "pro",
            "visits": number,
            "vip": number % 5 == 0,
            "signed_up": f"2026-0{1 + number % 9}-11T08:30:00Z",
            "shoe_size": str(36 + number % 8),
            "door_code": f"code-{number}",
        } | ({"coupon": f"TEA{number}"} if number in range(20, 25) else {})
        words = f"Where is my order {1000 + number}? I asked for oolong."
        events.append(event(number, words, hours=60 - number, attributes=attributes, sessionId=f"s-{number}"))
        events[-1] |= {"sessionAttributes": {"topic": "delivery"}, "story": "Order help"}
        reply = {
            "sender": "bot",
            "message": "It is on its way.",
            "messageId": f"b-{number}",
            "sessionId": f"s-{number}",
        }
        events.append(event(number, hours=60 - number) | reply)
    events += [event(n, "Do you ship jasmine abroad?", hours=2, message=f"second-{n}") for n in range(0, 30, 3)]
    deliver(known, events)
    found = dict(sql("SELECT user_id, id FROM people_person"))
    known["people"] = {f"u-{number}": public(found[f"u-{number}"]) for number in range(len(NAMES))}


def slack(known: Known, user: str, text: str, number: int) -> None:
    """Slack delivers what somebody wrote to the app."""
    said = {"type": "message", "channel": f"D{user}", "channel_type": "im", "user": user, "text": text}
    said |= {"ts": f"{dt.datetime.now(dt.UTC).timestamp() - 600 + number:.6f}", "team": "T77"}
    body = json.dumps({"team_id": "T77", "type": "event_callback", "event_id": f"Ev{number}", "event": said}).encode()
    status, answer = send(known["channels"]["slack"]["path"], body, slack_headers(body, SECRETS["slack"]))
    assert status == 200, answer


def telegram(known: Known, user: int, text: str, number: int, name: str = "Tamar") -> None:
    """Telegram delivers what somebody wrote to the bot."""
    who = {"id": user, "is_bot": False, "first_name": name, "username": f"{name.lower()}{user}", "language_code": "de"}
    at = int(dt.datetime.now(dt.UTC).timestamp()) - 600 + number
    said = {"message_id": number, "date": at, "chat": {"id": user, "type": "private"}, "from": who, "text": text}
    headers = {TELEGRAM_HEADER: SECRETS["telegram"]}
    status, answer = send(known["channels"]["telegram"]["path"], {"update_id": number, "message": said}, headers)
    assert status == 200, answer


def messenger(known: Known, user: str, text: str, number: int) -> None:
    """Messenger delivers what somebody wrote to the page."""
    at = int((dt.datetime.now(dt.UTC).timestamp() - 600 + number) * 1000)
    item = {"sender": {"id": user}, "recipient": {"id": "1040"}, "timestamp": at}
    item["message"] = {"mid": f"m_{number}", "text": text}
    body = json.dumps({"object": "page", "entry": [{"id": "1040", "time": at, "messaging": [item]}]}).encode()
    status, answer = send(known["channels"]["messenger"]["path"], body, meta_headers(body, SECRETS["messenger"]))
    assert status == 200, answer


def identify(known: Known, user: str, number: int, **traits: Any) -> None:
    """A library of Segment's says who somebody is."""
    data = {"writeKey": known["channels"]["segment"]["key"], "userId": user, "messageId": f"i-{number}"}
    status, answer = send("/v1/identify", data | {"traits": traits})
    assert status == 200, answer


def _platforms(known: Known) -> None:
    for number in range(3):
        slack(known, f"U{number}", f"Slack asks about sencha {number}", number)
        telegram(known, 500 + number, f"Telegram asks about matcha {number}", number)
    messenger(known, "7301", "Messenger asks about rooibos", 1)
    identify(known, "site-1", 1, name="Sita Rao", email="sita@people.example", plan="pro")
    today.read_inbox()


def person_of(native: str) -> str:
    """Who has an address on a channel that ends so."""
    return public(one("SELECT person_id FROM people_identity WHERE native_id LIKE %s", f"%{native}"))


def _visitor(known: Known) -> None:
    """Somebody chats on the site and keeps what their browser was given."""
    path = known["channels"]["widget"]["path"]
    status, answer = send(path, {"id": "w-1", "session": "a-secret-of-the-browser", "text": "Hello from the site"})
    assert status == 200, answer
    known["visitor"] = answer["visitor"]
    send(path, {"id": "w-2", "session": "a-secret-of-the-browser", "text": "Walter", "visitor": answer["visitor"]})
    known["people"]["visitor"] = public(one("SELECT id FROM people_person WHERE user_id LIKE 'visitor-%%'"))


def _team(known: Known, owner: Browser, editor: Browser) -> None:
    """What the team says about attributes, and views that are kept."""
    edit = "/settings/attributes/edit"
    owner.do(edit, scope="person", key="shoe_size", label="Shoe size", type="number", checked="number")
    owner.do(edit, scope="person", key="door_code", hidden="1")
    owner.do(edit, scope="person", key="signed_up", personal="1")
    save = "/users/views/save"
    editor.do(save, view="match=all&f=default_country:is:Poland", name="Mine in Poland", sharing="me")
    owner.do(save, view="match=all&f=vip:is_true&sort=default_name", name="Team VIPs", sharing="team")
    owner.do(save, view="match=all&f=plan:is:free", name="Opens first", sharing="me", opens="1")
    known["views"] = dict(sql("SELECT name, query FROM audience_savedview"))


def segment(name: str) -> str:
    """The id of the segment of that name."""
    return public(one("SELECT id FROM segments_segment WHERE name = %s", name))


def ids(known: Known, *numbers: int) -> list[str]:
    """Ids of some of `NAMES`."""
    return [known["people"][f"u-{number}"] for number in numbers]


def _segments(known: Known, owner: Browser) -> None:
    for name in ("Newsletter", "Campaign", "Old list"):
        owner.do("/segments/new", name=name)
    owner.do("/users/save", person=ids(known, *range(6)), segment=segment("Newsletter"), confirm="1")
    owner.do("/users/save", person=ids(known, 6, 7), segment=segment("Old list"), confirm="1")
    owner.do("/users/segment", view="match=all&f=visits:gte:25", name="Regulars", kind="live")
    owner.do("/users/segment", view="match=all&f=default_country:is:Norway", name="Norwegians", kind="live")
    today.follow_rules()
    owner.do(f"/segments/{segment('Old list')}/remove")
    known["segments"] = {name: segment(name) for name in ("Newsletter", "Campaign", "Old list", "Regulars")}


def _one_person(known: Known, owner: Browser) -> None:
    """A note, a value that was corrected, and somebody who is banned and says something all the same."""
    first, banned = ids(known, 0, 5)
    owner.do(f"/users/{first}/note", new="1", text="Asked for a catalogue by post.")
    owner.do(f"/users/{first}/value/save", key="plan", seen='"pro"', value="enterprise")
    owner.do(f"/users/{banned}/ban")
    answer = deliver(known, event(5, "This samovar is a disgrace", message="banned-1"))
    assert answer["refused"] == [{"messageId": "banned-1", "reason": "banned"}]


def _merged(known: Known, owner: Browser) -> None:
    """Bea Lind is who wrote in Telegram, too, and goes on writing there."""
    survivor, former = known["people"]["u-1"], person_of(":500")
    owner.do(f"/users/{survivor}/merge", **{"with": former, "keep.default_language": "other"})
    telegram(known, 500, "I am the same Bea, about gyokuro", 20)
    today.read_inbox()
    known["merged"] = {"survivor": survivor, "former": former}


def _erased(known: Known, owner: Browser) -> None:
    """Two people are erased for good: one of the bot's, one of Telegram's."""
    gone, other = known["people"].pop("u-2"), person_of(":502")
    user_id = one("SELECT user_id FROM people_person WHERE id = %s", row(other))
    owner.do(f"/users/{gone}/erase", typed="u-2")
    owner.do(f"/users/{other}/erase", typed=user_id)
    known["erased"] = {"bot": gone, "telegram": other}


def _policies(owner: Browser) -> None:
    owner.do("/settings/banned", refusal="Harbour Tea does not answer you any more.")
    owner.do("/settings/retention", days="36500", rehearsed="36500")


def newest() -> str:
    """The id of the operation that began last."""
    return public(one("SELECT max(id) FROM journal_operation"))


def _over(known: Known, owner: Browser) -> None:
    """A deletion that can be undone, an export that is kept, and something done that is about to be undone."""
    owner.do("/users/delete", person=ids(known, 3, 4), confirm="1", shown="{}", typed="2")
    known["deleted"] = {"operation": newest(), "people": ids(known, 3, 4)}
    owner.do("/users/clear", person=ids(known, *range(20, 25)), key="coupon", confirm="1", shown='{"key": "coupon"}')
    known["cleared"] = newest()
    with today.left_to_workers(4):
        owner.do("/users/export", all="1", view="match=all", confirm="1", format="csv")
        known["export"] = newest()
        today.finish("export")


def _waiting_jobs(known: Known, owner: Browser) -> None:
    """Each sort of work, at each point where a server may have been stopped."""
    jobs = known["jobs"]
    with today.left_to_workers(4):
        meant = known["meant"] = {
            "running": ids(known, *range(8, 18)),
            "paused": ids(known, *range(10, 20)),
            "undo": ids(known, *range(20, 25)),
            "queued": ids(known, *range(12, 20)),
        }
        _set(owner, meant["running"], "plan", "gold")
        jobs["running"] = newest()
        today.begin("set")
        owner.do("/users/save", person=meant["paused"], segment=segment("Campaign"), confirm="1")
        jobs["paused"] = newest()
        today.begin("join")
        owner.do("/activity/control", operation=jobs["paused"], do="pause")
        today.grant(row(jobs["paused"]))
        owner.do("/activity/undo", operation=known["cleared"])
        jobs["undo"] = newest()
        _set(owner, meant["queued"], "shoe_size", 50)
        jobs["queued"] = newest()
        _import(known, owner)
        owner.do("/users/export", person=ids(known, 6, 7, 8), view="match=all", confirm="1", format="jsonl")
        jobs["export"] = newest()


def _set(owner: Browser, people: list[str], key: str, value: str | int) -> None:
    shown = json.dumps({"key": key, "value": value}, sort_keys=True)
    owner.do("/users/set", person=people, key=key, value=value, confirm="1", shown=shown)


def _import(known: Known, owner: Browser) -> None:
    """A file of a little more than one step: ten new people and many rows about nobody, then ten more."""
    lines = ["User ID,Name,Email,coupon"]
    lines += [f"i-{n},Imported {n},i{n}@people.example,SPRING" for n in range(10)]
    lines += [",Nobody,,"] * (STEP - 10)
    lines += [f"i-{n},Imported {n},i{n}@people.example,SPRING" for n in range(10, 20)]
    file = SimpleUploadedFile("spring.csv", "\n".join(lines).encode() + b"\n")
    upload = owner.do("/import", file=file).headers["Location"]
    for _ in range(2):  # What was understood anew is shown once more before it is done.
        owner.do(upload, do="import")
    known["jobs"]["import"], known["upload"] = newest(), upload
    assert one("SELECT kind FROM journal_operation WHERE id = %s", row(newest())) == "import"
    today.begin("import")


def _bakery(known: Known) -> None:
    deliver(
        known, [event(n, f"A loaf of rye {n}", attributes={"default_name": f"Baker {n}"}) for n in range(4)], "bakery"
    )
    known["bakery"] = api(known["tokens"]["bakery"], "/api/users")["count"]


def _waiting_events(known: Known) -> None:
    """What platforms delivered and nobody has read yet; one that could not be read comes first."""
    telegram(known, 600, "A mistake hid my question about pu-erh", 30, "Faye")
    today.fail_to_read("telegram")
    slack(known, "U9", "Slack waits with lapsang", 31)
    telegram(known, 500, "Telegram waits, says Bea", 32)
    telegram(known, 502, "Nothing of this may be kept: assam", 33)
    messenger(known, "7302", "Messenger waits with darjeeling", 34)
    identify(known, "site-2", 35, name="Wim Waits", email="wim@people.example")


def _behind(known: Known) -> None:
    """Somebody comes to match a rule, and no list, and no rule, was asked for since."""
    deliver(known, event(9, attributes={"visits": 77}, message="behind-1"))
    regulars = row(known["segments"]["Regulars"])
    found = sql("SELECT person_id FROM segments_membership WHERE segment_id = %s", regulars)
    known["regulars"] = {"before": sorted(public(person_id) for (person_id,) in found), "joins": known["people"]["u-9"]}


def write(known: Known, path: Path) -> None:
    """Keeps what is known beside the fixture."""
    path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
