"""Opens a fixture with the present program and finds out what became of it: `python -m tests.upgrades.check KNOWN`.

The environment says which data folder and database; KNOWN is the fixture's JSON. What is found is printed as one JSON
object, which `test_open` judges. Nothing here names a module of the program, see `doors`.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.upgrades.doors import (
    TELEGRAM_HEADER,
    Browser,
    api,
    one,
    public,
    row,
    send,
    set_up,
    slack_headers,
    sql,
    terminal,
)
from tests.web.pages import ids, text_of

Known = dict[str, Any]
Found = dict[str, Any]
TEA, BAKERY = "Harbour Tea", "Hill Bakery"
# What the archives are searched for, and what was said there.
SOUGHT = {
    "jasmine ship": "Do you ship jasmine abroad?",
    '"same bea"': "I am the same Bea, about gyokuro",
    "matcha 1": "Telegram asks about matcha 1",
    "order 1029 ool": "Where is my order 1029? I asked for oolong.",
    "hello site": "Hello from the site",
}
# Seconds that a worker may take for all that waits.
PATIENCE = 60.0


def main(path: str) -> None:
    """Everything, in the order in which somebody would do it who just upgraded."""
    known: Known = json.loads(Path(path).read_text(encoding="utf-8"))
    set_up()
    found: Found = {"migrated": _migrated()}
    owner = Browser()
    found["login"] = owner.log_in(known["owner"], known["password"])
    owner.enter(known["workspaces"][TEA])
    found |= _before(known, owner)
    _say_go(known, owner)
    _work(PATIENCE)
    found |= _after(known, owner)
    print(json.dumps(found, ensure_ascii=False))


def _migrated() -> Found:
    """What the terminal says; its first command brings the tables up to date."""
    terminal("channel", "list", "--workspace", TEA)
    return {finding["name"]: finding["problem"] for finding in json.loads(terminal("doctor", "--json"))["findings"]}


def _before(known: Known, owner: Browser) -> Found:
    """What was there, before a worker does anything."""
    return {
        "sessions": {name: _is_inside(Browser(cookie)) for name, cookie in known["sessions"].items()},
        "wrong password": Browser().log_in(known["owner"], "another password"),
        "tokens": _tokens(known),
        "counts": {query: _count(known, query) for query in known["counts"]},
        "bakery": api(known["tokens"]["bakery"], "/api/users")["count"],
        "stored": {name: _stored(name) for name in (TEA, BAKERY)},
        "views": _views(known, owner),
        "merged": _merged(known, owner),
        "erased": _erased(known, owner),
        "banned": _banned(known, owner),
        "deleted": [owner.get(f"/users/{one_of}").status_code for one_of in known["deleted"]["people"]],
        "page": text_of(owner.get(f"/users/{known['people']['u-0']}", tab="timeline")),
        "attributes": _attributes(known, owner),
        "archives": {words: _is_found(owner, words, said) for words, said in SOUGHT.items()},
        "secrets": _secrets(known, owner),
        "visitor": _visitor(known),
        "export": _export(known, owner),
        "policies": {name: text_of(owner.get(f"/settings/{name}")) for name in ("retention", "banned")},
        "audit": one("SELECT count(*) FROM accounts_auditentry"),
        "regulars": _inside(known["segments"]["Regulars"]),
        "off": send(known["channels"]["old"]["path"], {"userId": "u-0", "message": "hello?"})[0],
    }


def _is_inside(browser: Browser) -> bool:
    """Whether a page is shown, not the login."""
    return bool(browser.get("/users/views").status_code == 200)


def _count(known: Known, query: str) -> Any:
    return api(known["tokens"]["reads"], f"/api/users?limit=1&{query}").get("count")


def _stored(workspace: str) -> int:
    """People in the system of record."""
    (found,) = sql("SELECT count(*) FROM people_person WHERE workspace_id = %s", _id(workspace))
    return int(found[0])


def _id(workspace: str) -> int:
    return int(one("SELECT id FROM accounts_workspace WHERE name = %s", workspace))


def _tokens(known: Known) -> Found:
    reads, writes = known["tokens"]["reads"], known["tokens"]["writes"]
    segment = {"name": "Made by a token"}
    return {
        "reads": "count" in api(reads, "/api/users?limit=1"),
        "of another": api(known["tokens"]["bakery"], f"/api/users/{known['people']['u-0']}").get("status"),
        "may not write": api(reads, "/api/users/segments", segment).get("status"),
        "writes": "id" in api(writes, "/api/users/segments", segment),
        "made up": api(f"{reads}x", "/api/users").get("status"),
    }


def _views(known: Known, owner: Browser) -> Found:
    """Of each view that is kept, how many it lists; those whom the list opens with; and who sees which names."""
    editor = Browser(known["sessions"]["editor"])
    listed = {name: len(ids(owner.get(f"/users?{query}"))) for name, query in known["views"].items()}
    names = {who: text_of(of.get("/users/views")) for who, of in (("owner", owner), ("editor", editor))}
    first = owner.client.get("/users", follow=True)
    return {
        "listed": listed,
        "first": len(ids(first)),
        "seen": {who: sorted(name for name in known["views"] if name in text) for who, text in names.items()},
    }


def _merged(known: Known, owner: Browser) -> Found:
    survivor, former = known["merged"]["survivor"], known["merged"]["former"]
    answer = owner.get(f"/users/{former}")
    person = api(known["tokens"]["reads"], f"/api/users/{former}")
    return {"leads to": answer.headers.get("Location"), "status": answer.status_code, "api": person["id"] == survivor}


def _erased(known: Known, owner: Browser) -> Found:
    said = {"messageId": "late-1", "userId": "u-2", "message": "is there anything of me?"}
    new = {
        "messageId": "late-2",
        "userId": "u-200",
        "message": "hi",
        "attributes": {"default_email": "U2@people.example"},
    }
    return {
        "page": [owner.get(f"/users/{who}").status_code for who in known["erased"].values()],
        "event": send(known["channels"]["api"]["path"], said)[1].get("refused"),
        "address": send(known["channels"]["api"]["path"], new)[1].get("refused"),
        "found": _is_found(owner, "order 1002", "Where is my order 1002? I asked for oolong."),
        "rows": sorted(_having("user_id").keys() & {"u-2", "u-200"}),
    }


def _banned(known: Known, owner: Browser) -> Found:
    said = {"messageId": "banned-2", "userId": "u-5", "message": "Let me in"}
    status, answer = send(known["channels"]["api"]["path"], said)
    listed = api(known["tokens"]["reads"], "/api/users?f=banned:is_true")["data"]
    kept = sql("SELECT text FROM chats_message WHERE native_id IN ('banned-1', 'banned-2') ORDER BY native_id")
    return {
        "listed": [one_of["id"] for one_of in listed],
        "answer": [status, answer.get("refused"), answer.get("message")],
        "kept": [text for (text,) in kept],
    }


def _attributes(known: Known, owner: Browser) -> Found:
    person = json.dumps(api(known["tokens"]["reads"], f"/api/users/{known['people']['u-0']}"))
    hidden = owner.get("/users?f=door_code:is:code-1")
    return {
        "labels": "Shoe size" in text_of(owner.get("/settings/attributes")),
        "numbers": _count(known, "f=shoe_size:gte:40"),
        "hidden is shown": "door_code" in person or "code-0" in person,
        "hidden lists": len(ids(hidden)),
        "types": dict(sql("SELECT key, type FROM audience_attribute WHERE scope = 'person'")),
        "personal": bool(one("SELECT personal FROM audience_attribute WHERE key = 'signed_up'")),
    }


def _is_found(owner: Browser, words: str, said: str) -> bool:
    """Whether the archives show what was said when they are searched for these words."""
    return said.replace(" ", "") in text_of(owner.get("/archives", q=words)).replace(" ", "")


def _secrets(known: Known, owner: Browser) -> Found:
    """Sealed secrets: deliveries that prove they know it are taken, others are not, and the owner is shown it."""
    body = json.dumps({"type": "url_verification", "challenge": "c-1"}).encode()
    path, secrets = known["channels"]["slack"]["path"], known["secrets"]
    meta = owner.get(f"/channels/{known['channels']['telegram']['id']}")
    return {
        "slack": list(send(path, body, slack_headers(body, secrets["slack"]))),
        "forged": send(path, body, slack_headers(body, "wrong"))[0],
        "telegram": send(known["channels"]["telegram"]["path"], {}, {TELEGRAM_HEADER: secrets["telegram"]})[0],
        "shown": secrets["telegram"] in meta.content.decode(),
    }


def _visitor(known: Known) -> Found:
    path, token = known["channels"]["widget"]["path"], known["visitor"]
    asked = send(f"{path}/open", {"visitor": token})[1]
    said = {"id": "w-9", "session": "another-secret", "text": "Back after the upgrade", "visitor": token}
    status = send(path, said)[0]
    whose = one(
        "SELECT c.person_id FROM chats_message m JOIN chats_chat c ON c.id = m.chat_id WHERE m.text = %s", said["text"]
    )
    return {"known": asked["known"], "status": status, "same": public(whose) == known["people"]["visitor"]}


def _export(known: Known, owner: Browser) -> Found:
    answer = owner.get(f"/activity/{known['export']}/file")
    lines = b"".join(answer.streaming_content).decode().splitlines() if answer.streaming else []
    manifest = owner.get(f"/activity/{known['export']}/manifest")
    return {"status": answer.status_code, "lines": len(lines), "people": json.loads(manifest.content)["people"]}


def _inside(segment: str) -> list[str]:
    """Who is in a segment, as it is written down."""
    inside = sql("SELECT person_id FROM segments_membership WHERE segment_id = %s", row(segment))
    return sorted(public(person_id) for (person_id,) in inside)


def _say_go(known: Known, owner: Browser) -> None:
    """What was paused goes on, and what could not be read is read again."""
    owner.do("/activity/control", operation=known["jobs"]["paused"], do="resume")
    owner.do(f"/channels/{known['channels']['telegram']['id']}/again")


def _work(seconds: float) -> None:
    """A worker, until nothing waits any more; raises AssertionError when that takes too long."""
    over: list[bool] = []
    # The signal ends a worker; before it listens, nothing may end us.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    watch = threading.Thread(target=_watch, args=(time.monotonic() + seconds, over), daemon=True)
    watch.start()
    terminal("worker")
    watch.join()
    assert over == [True], f"the worker left undone: {_undone()}"


def _watch(deadline: float, over: list[bool]) -> None:
    from django.db import connection

    while not over:
        if not _undone():
            over.append(True)
        elif time.monotonic() > deadline:
            over.append(False)
        time.sleep(0.1)
    connection.close()
    while signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)


def _undone() -> list[Any]:
    """Operations, events and rules that a worker has yet to do."""
    return [
        *sql("SELECT kind, state FROM journal_operation WHERE state IN ('queued', 'running')"),
        *sql("SELECT native_id FROM channels_rawevent WHERE state = 'waiting'"),
        *sql(
            "SELECT s.version FROM segments_rulestate s JOIN accounts_workspace w ON w.id = s.workspace_id"
            " WHERE s.revision < w.revision OR s.settled <> s.version"
        ),
    ]


def _after(known: Known, owner: Browser) -> Found:
    """What came of it, and whether things can be taken back."""
    owner.do("/activity/undo", operation=known["deleted"]["operation"])
    owner.do(f"/segments/{known['segments']['Old list']}/restore")
    owner.do(f"/users/{known['merged']['survivor']}/split", person=known["merged"]["former"])
    apart = [owner.get(f"/users/{person}").status_code for person in known["merged"].values()]
    return {
        "jobs": {name: _job(operation) for name, operation in known["jobs"].items()},
        "values": {key: _having(key) for key in ("plan", "shoe_size", "coupon")},
        "campaign": _inside(known["segments"]["Campaign"]),
        "imported": _imported(known),
        "exported": _file(owner, known["jobs"]["export"]),
        "events": _events(owner),
        "regulars now": _inside(known["segments"]["Regulars"]),
        "back": [owner.get(f"/users/{one_of}").status_code for one_of in known["deleted"]["people"]],
        "restored": _inside(known["segments"]["Old list"]),
        "apart": apart,
        "journal": _journal(),
        "lists": {
            "tea": [_count(known, ""), _stored(TEA)],
            "bakery": [api(known["tokens"]["bakery"], "/api/users")["count"], _stored(BAKERY)],
        },
    }


def _job(operation: str) -> Found:
    """How it ended, and how often each person was changed by it."""
    (found,) = sql(
        "SELECT state, reason, people, total, done, result FROM journal_operation WHERE id = %s", row(operation)
    )
    state, reason, people, total, done, result = found
    entries = sql("SELECT person_id FROM journal_journalentry WHERE operation_id = %s", row(operation))
    times = Counter(public(person_id) for (person_id,) in entries)
    return {"state": state, "reason": reason, "people": people, "total": total, "done": done} | {
        "times": dict(times),
        "result": {name: number for name, number in _read(result).items() if ":" not in name},
    }


def _having(key: str) -> dict[str, Any]:
    """User id → value, of those in the first workspace who have it."""
    people = sql("SELECT user_id, attributes FROM people_person WHERE workspace_id = %s", _id(TEA))
    everybody = {user_id: {**_read(values), "user_id": user_id} for user_id, values in people}
    return {user_id: values[key] for user_id, values in everybody.items() if key in values}


def _read(value: Any) -> Any:
    """JSON as either database gives it."""
    return json.loads(value) if isinstance(value, str) else value


def _imported(known: Known) -> Found:
    made = sql("SELECT user_id FROM people_person WHERE user_id LIKE 'i-%%'")
    sizes = list(Path(os.environ["COTERIE_DATA"]).glob("imports/*/*/spring.rejected.csv"))
    return {
        "people": sorted(user_id for (user_id,) in made),
        "rejected": [len(path.read_text(encoding="utf-8-sig").splitlines()) for path in sizes],
        "page": Browser(known["sessions"]["owner"]).get(known["upload"]).status_code,
    }


def _file(owner: Browser, operation: str) -> int:
    """The lines of an export."""
    answer = owner.get(f"/activity/{operation}/file")
    return len(b"".join(answer.streaming_content).splitlines()) if answer.streaming else -1


def _events(owner: Browser) -> Found:
    """What platforms had delivered: how many of each state, who said it, what is kept of people erased."""
    words = ("pu-erh", "lapsang", "waits, says Bea", "darjeeling", "assam")
    said = {
        word: sql(
            "SELECT p.user_id FROM chats_message m JOIN chats_chat c ON c.id = m.chat_id"
            " JOIN people_person p ON p.id = c.person_id WHERE m.text LIKE %s",
            f"%{word}%",
        )
        for word in words
    }
    return {
        "states": dict(Counter(state for (state,) in sql("SELECT state FROM channels_rawevent"))),
        "said": {word: [user_id for (user_id,) in people] for word, people in said.items()},
        "of erased": one("SELECT count(*) FROM channels_rawevent WHERE body LIKE %s", "%assam%"),
        "found": _is_found(owner, "lapsang", "Slack waits with lapsang"),
        "identified": sorted(user_id for user_id, name in _having("default_name").items() if name == "Wim Waits"),
    }


def _journal() -> dict[str, list[int]]:
    """Of each workspace: its revision, how many entries there are, their first and last."""
    found = sql(
        "SELECT w.name, w.revision, count(*), min(j.revision), max(j.revision) FROM accounts_workspace w"
        " JOIN journal_journalentry j ON j.workspace_id = w.id GROUP BY w.name, w.revision"
    )
    return {name: list(numbers) for name, *numbers in found}


if __name__ == "__main__":
    main(sys.argv[1])
