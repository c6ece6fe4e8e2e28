"""Chats and what was said in them."""

from django.db import models

from coterie.core.tenancy import TenantModel


class Sender(models.TextChoices):
    """Who wrote a turn. `event` is no message: it records what a channel reported without words."""

    USER = "user"
    BOT = "bot"
    EVENT = "event"


# The archives show chats that somebody spoke in.
_SPOKEN = models.Q(by_user=True)


class Chat(TenantModel):
    """One conversation (session) of a person on a channel. It ends after ten idle minutes or with a new session id.

    `by_user` tells whether the person said anything in it: only then it counts as a chat of theirs. `origin_id` is set
    as long as the person is several people merged: the one of them whose chat it is. `story` is the name of the bot's
    scenario, as the channel reported it last.
    """

    person_id = models.BigIntegerField()
    origin_id = models.BigIntegerField(null=True)
    channel_id = models.BigIntegerField()
    source = models.CharField(max_length=20)
    session_id = models.CharField(max_length=128)
    started_at = models.DateTimeField()
    last_at = models.DateTimeField()
    messages = models.IntegerField(default=0)
    by_user = models.BooleanField(default=False)
    attributes = models.JSONField(default=dict)
    # Missing and not empty: SQLite adds such a column without writing millions of rows anew.
    story = models.CharField(max_length=128, null=True)  # noqa: DJ001

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "person_id", "last_at"], name="chat_of_person"),
            models.Index(fields=["workspace", "started_at", "id"], name="chat_newest", condition=_SPOKEN),
            models.Index(
                fields=["workspace", "channel_id", "started_at", "id"], name="chat_of_channel", condition=_SPOKEN
            ),
            models.Index(
                fields=["workspace", "story", "started_at", "id"],
                name="chat_of_story",
                condition=_SPOKEN & models.Q(story__isnull=False),
            ),
            models.Index(fields=["workspace", "session_id"], name="chat_of_session"),
        ]

    def __str__(self) -> str:
        return self.session_id


class Message(TenantModel):
    """One turn. `native_id` is the sender's id of it: the same id on the same channel is stored once.

    `payload` has `"refused": true` where somebody banned said it: it is kept, and nothing came of it. A turn without a
    chat has neither text nor payload: it only keeps its id from being taken twice. `place` is where it stands among
    everything that was said, and its row in the search index (`chats.saying`); None when nothing was said.
    """

    chat_id = models.BigIntegerField(null=True)
    channel_id = models.BigIntegerField()
    native_id = models.CharField(max_length=128)
    sender = models.CharField(max_length=5, choices=Sender.choices)
    text = models.TextField()
    payload = models.JSONField(null=True)
    at = models.DateTimeField()
    place = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_id", "native_id"], name="message_once"),
        ]
        indexes = [
            models.Index(fields=["workspace", "chat_id", "at"], name="message_of_chat"),
            models.Index(fields=["workspace", "place"], name="message_by_place"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
