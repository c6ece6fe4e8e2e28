"""A visitor's browser, and doors that have forgotten who knocked before."""

import json

import pytest

from coterie.channels.widget import doors


class Browser:
    """A browser with the widget."""

    def __init__(self, client, channel, session="session-1"):
        self.client, self.channel, self.session, self.token, self.count = client, channel, session, None, 0

    @property
    def address(self):
        return f"/channels/widget/{self.channel.key}"

    def knock(self, door, **body):
        return self.client.post(f"{self.address}{door}", json.dumps(body), content_type="text/plain;charset=UTF-8")

    def post(self, **changes):
        body = {"visitor": self.token, "session": self.session, "id": f"m{self.count}", "text": "hi", "context": {}}
        return self.knock("", **(body | changes))

    def say(self, text, **changes):
        self.count += 1
        answer = self.post(text=text, id=changes.pop("id", f"m{self.count}"), **changes)
        assert answer.status_code == 200, answer.content
        self.token = answer.json()["visitor"]
        return [message["text"] for message in answer.json()["messages"]]

    def look(self, **query):
        return self.client.get(self.address, query).json()

    def open(self, token=None):
        return self.knock("/open", visitor=token or self.token).json()

    def identify(self, **proof):
        answer = self.knock("/identify", visitor=self.token, **proof)
        if answer.status_code == 200:
            self.token = answer.json()["visitor"]
        return answer


@pytest.fixture(autouse=True)
def _patient_doors():
    for limit in (doors.MESSAGES, doors.KNOCKS, doors.STRANGERS, doors.PROOFS):
        limit.forget()


@pytest.fixture
def visitor(client, widget_channel):
    return Browser(client, widget_channel)
