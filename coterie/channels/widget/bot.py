"""The built-in bot of the Chat Widget: it asks what the workspace wants to know, then hands over.

Its memory is the chat itself: each of its turns that asks for something carries the attribute's name in its payload.
"""

import logging
from collections.abc import Sequence
from typing import Any

from coterie.channels.widget.config import Config
from coterie.channels.widget.prompts import Question
from coterie.chats.models import Message, Sender
from coterie.core.outgoing import OutgoingError, post_json
from coterie.core.text import clean

log = logging.getLogger(__name__)
MAX_REPLIES = 20


def asked(turns: Sequence[Message]) -> list[str]:
    """The attributes that were asked for in this chat, in order; several times when an answer did not fit."""
    return [
        turn.payload["asks"] for turn in turns if turn.sender == Sender.BOT and turn.payload and "asks" in turn.payload
    ]


def pending(config: Config, turns: Sequence[Message]) -> Question | None:
    """The question that the person's next words answer: asked in the bot's last turn."""
    said = [turn for turn in turns if turn.sender == Sender.BOT]
    waiting = asked(said[-1:])
    return config.question(waiting[0]) if waiting else None


def next_question(config: Config, known: dict[str, Any], turns: Sequence[Message]) -> Question | None:
    """The first question whose answer nobody knows and that was not asked in this chat yet."""
    done = set(asked(turns))
    return next((q for q in config.questions if q.attribute not in known and q.attribute not in done), None)


async def bot_replies(config: Config, sender: str, text: str, metadata: dict[str, Any]) -> list[dict[str, Any]] | None:
    """What the configured bot answers, in the Rasa REST form; None when it is down, nothing when there is none."""
    if config.bot_url is None:
        return []
    try:
        answer = await post_json(config.bot_url, {"sender": sender, "message": text, "metadata": metadata})
    except OutgoingError as error:
        log.warning("the bot of a widget did not answer: %s", error)
        return None
    if not isinstance(answer, list):
        log.warning("the bot of a widget answered something else than a list")
        return None
    return [reply for item in answer[:MAX_REPLIES] if isinstance(item, dict) and (reply := _reply(item))]


def _reply(item: dict[str, Any]) -> dict[str, Any] | None:
    """{"message", "buttons", "image"} of one reply; None when there is nothing in it that can be shown."""
    reply: dict[str, Any] = {}
    if isinstance(item.get("text"), str):
        reply["message"] = clean(item["text"])[:20_000]
    if isinstance(item.get("image"), str) and item["image"].startswith(("https://", "http://")):
        reply["image"] = clean(item["image"])[:2_000]
    buttons = item.get("buttons")
    if isinstance(buttons, list):
        reply["buttons"] = [
            {
                "title": clean(button["title"])[:200],
                "payload": clean(str(button.get("payload") or button["title"]))[:2_000],
            }
            for button in buttons[:20]
            if isinstance(button, dict) and isinstance(button.get("title"), str) and button["title"].strip()
        ]
    return reply if any(reply.values()) else None
