"""`kill -9` while chats come in: what was acknowledged is there, once, and the replica agrees.

A real server on the tests' own database is killed again and again in the middle of single messages, batches and list
requests. Senders behave as real ones do: what was not acknowledged is sent again, under the same message id.
"""

import contextlib
import http.client
import itertools
import json
import os
import random
import secrets
import threading
import time
from pathlib import Path

from coterie.accounts import tokens
from coterie.audience.audience import audience_of
from coterie.chats.models import Chat, Message, Sender
from coterie.journal.models import JournalEntry
from coterie.people.models import Person
from tests.companion import free_port
from tests.forking import server

KILLS = 20
BATCH = 40


class Senders:
    """Threads that send until told to stop; each resends what was not acknowledged."""

    def __init__(self, path):
        self.path, self.port, self.running = path, 0, False
        self.acknowledged, self.sent = set(), set()
        self.unsure = [[], [], []]
        self.heard = [0, 0, 0]
        self.numbers = itertools.count()

    def event(self):
        number = next(self.numbers)
        return {"messageId": f"m{number}", "userId": f"u{number % 97}", "message": f"words {number}"}

    def _run(self, sender):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            self._send(sender, connection)

    def _send(self, sender, connection):
        while self.running:
            waiting = self.unsure[sender]
            if not waiting:
                waiting += [self.event() for _ in range(BATCH if sender == 0 else 1)]
            try:
                connection.request("POST", self.path, json.dumps(waiting), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return  # Killed. Whether it was stored nobody knows: the next life sends it again.
            assert answer.status == 200
            self.acknowledged.update(event["messageId"] for event in waiting)
            waiting.clear()
            self.heard[sender] += 1

    def during(self, port, moment):
        """Sends for as long as `moment` lasts."""
        self.port, self.running, self.heard = port, True, [0, 0, 0]
        threads = [threading.Thread(target=self._run, args=(sender,)) for sender in range(len(self.unsure))]
        for thread in threads:
            thread.start()
        try:
            moment()
        finally:
            self.running = False
            for thread in threads:
                thread.join()

    def wait(self):
        """Returns when each has had an answer."""
        deadline = time.monotonic() + 20
        while not all(self.heard):
            assert time.monotonic() < deadline, self.heard
            time.sleep(0.002)


def total_of(port, secret):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/api/users?limit=1", headers={"Authorization": f"Bearer {secret}"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, body
    return body["count"]


def start_server(port):
    started = server(port, log=Path(os.environ["COTERIE_DATA"]).parent / "killed.log")

    def healthy():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    started.wait_until(healthy)
    return started


def test_twenty_kills_lose_and_double_nothing(workspace, api_channel):
    _, secret = tokens.create(workspace, "reader", ["read"], "test")
    senders, chance = Senders(f"/channels/api/{api_channel.key}"), random.Random(secrets.randbits(32))
    port, cut = free_port(), 0
    for _ in range(KILLS):
        started = start_server(port)

        def moment(started=started):
            senders.wait()
            total_of(port, secret)  # The replica is written, too, shortly before the end.
            time.sleep(chance.uniform(0, 0.1))
            started.kill()

        try:
            senders.during(port, moment)
        finally:
            started.kill()
        cut += any(senders.unsure)
    assert cut
    last = start_server(port)
    try:
        senders.during(port, senders.wait)
        assert not any(senders.unsure)
        assert total_of(port, secret) == Person.objects.filter(workspace=workspace).count()
    finally:
        last.stop()
    assert len(senders.acknowledged) > KILLS
    assert_everything_once(workspace, senders.acknowledged)


def assert_everything_once(workspace, acknowledged):
    stored = list(Message.objects.filter(workspace=workspace).values_list("native_id", flat=True))
    assert len(stored) == len(set(stored))
    assert set(stored) == acknowledged
    workspace.refresh_from_db()
    revisions = JournalEntry.objects.filter(workspace=workspace).order_by("revision").values_list("revision", flat=True)
    assert list(revisions) == list(range(1, workspace.revision + 1))
    said = Message.objects.filter(workspace=workspace, sender=Sender.USER)
    for person in Person.objects.filter(workspace=workspace):
        chats = Chat.objects.filter(workspace=workspace, person_id=person.id)
        assert person.chats == chats.filter(by_user=True).count()
        assert sum(chat.messages for chat in chats) == said.filter(chat_id__in=[chat.id for chat in chats]).count()
    audience = audience_of(workspace)
    rows = audience.page(audience.parse("").view, 1000).rows
    replica = {row.user_id: (row.chats, row.last_seen, row.created_at, row.attributes) for row in rows}
    assert replica == {
        person.user_id: (person.chats, person.last_seen, person.created_at, person.attributes)
        for person in Person.objects.filter(workspace=workspace)
    }
