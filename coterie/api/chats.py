"""`/api/v2/chats`: the archives."""

import datetime as dt
from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from coterie.api import auth, shapes
from coterie.api.auth import TokenRequest, workspace_of
from coterie.api.envelope import Failed
from coterie.audience.columns import hidden_keys
from coterie.chats import queries
from coterie.core.clock import UTC
from coterie.core.ids import from_public

router = Router(tags=["Chats"])
PAGE = 40
# The last millisecond that a date can name: 31 December 9999.
_LAST_MS = 253_402_300_799_999
_FIRST = dt.datetime(1970, 1, 1, tzinfo=UTC)


@router.get(
    "/v2/chats",
    auth=auth.read,
    response={200: list[shapes.ListedChat], shapes.ERRORS: shapes.Error},
    by_alias=True,
    operation_id="listChats",
    summary="The last 40 chats, newest first",
)
def list_chats(
    request: TokenRequest,
    after: Annotated[
        int | None, Query(None, ge=0, le=_LAST_MS), Field(description="`createdAt` of the last chat received, in ms")
    ] = None,
) -> list[dict[str, Any]]:
    """`after` is the `createdAt` of the last chat received, in milliseconds since 1970."""
    before = None if after is None else _FIRST + dt.timedelta(milliseconds=after)
    workspace = workspace_of(request)
    hidden = hidden_keys(workspace.pk)
    return [shapes.chat(found, hidden) for found in queries.latest(workspace, before, PAGE)]


@router.get(
    "/v2/chats/{chat_id}",
    auth=auth.read,
    response={200: shapes.SingleChat, shapes.ERRORS: shapes.Error},
    by_alias=True,
    operation_id="getChat",
    summary="One chat with the attributes collected in it",
)
def get_chat(request: TokenRequest, chat_id: str) -> dict[str, Any]:
    """404 when the workspace has no chat of this id."""
    row_id = from_public(chat_id)
    workspace = workspace_of(request)
    found = queries.one(workspace, row_id) if row_id is not None else None
    if found is None:
        raise Failed(404, f"There is no chat with the id {chat_id[:100]}.")
    return shapes.chat(found, hidden_keys(workspace.pk))
