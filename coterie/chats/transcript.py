"""Reading what was said."""

from coterie.chats.models import Chat, Message
from coterie.chats.recording import IDLE
from coterie.core.clock import now


def running_chat(
    workspace_id: int, channel_id: int, person_id: int, origin_id: int | None, session_id: str | None = None
) -> Chat | None:
    """The chat that a message now would belong to, or None; `origin_id` as the identity has it."""
    chats = Chat.objects.filter(
        workspace_id=workspace_id,
        person_id=person_id,
        origin_id=origin_id,
        channel_id=channel_id,
        last_at__gte=now() - IDLE,
    )
    if session_id is not None:
        chats = chats.filter(session_id=session_id)
    return chats.order_by("-last_at").first()


def turns(chat: Chat) -> list[Message]:
    """Everything that was said and reported in a chat, in order."""
    found = Message.objects.filter(workspace_id=chat.workspace_id, chat_id=chat.id)
    return list(found.order_by("at", "id"))
