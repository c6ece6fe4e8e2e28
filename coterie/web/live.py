"""Live pages: "something changed", as Server-Sent Events.

A signal is the workspace's revision and nothing else; the page asks `web.news` what that means for its list. So a
stream needs no filter, shows nobody's data, and a signal that was missed is made good by the next one.
"""

import asyncio
import random
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from coterie.accounts.permissions import Verb
from coterie.web.links import whole
from coterie.web.members import MemberRequest, member
from coterie.web.watcher import watcher

# Seconds. After a signal there is silence for PAUSE; after HEARTBEAT without one, a sign of life.
PAUSE = 2.0
HEARTBEAT = 15.0
# Then the stream ends and the browser comes again, whereby login and role are checked again. Drawn by lot, so that
# pages that were opened together do not come together.
LIFE = (240.0, 300.0)
_RETRY_MS = 3_000
_TOO_MANY_AGAIN_AFTER = 30


@require_GET
@member(Verb.VIEW)
def live(request: MemberRequest) -> HttpResponseBase:
    """A stream of signals. `Last-Event-ID`, or `since`, is the revision that the page shows: if the workspace has moved
    on, the first signal comes at once.
    """
    if watcher.full(request.member.pk):
        headers = {"Retry-After": str(_TOO_MANY_AGAIN_AFTER)}
        return HttpResponse("Too many open pages.", status=429, headers=headers, content_type="text/plain")
    revision = request.workspace.revision
    known = whole(request.headers.get("Last-Event-ID") or request.GET.get("since"))
    signals = _signals(request.workspace.pk, request.member.pk, revision, revision if known is None else known)
    headers = {
        # Neither our compression nor a proxy's buffer may hold a signal back.
        "Content-Encoding": "identity",
        "X-Accel-Buffering": "no",
    }
    return StreamingHttpResponse(signals, content_type="text/event-stream", headers=headers)


async def _signals(workspace_id: int, member_id: int, revision: int, told: int) -> AsyncIterator[str]:
    """The stream. `revision` is the workspace's, `told` the one that the page knows."""
    # Django would keep the connection that the login was checked with until the end of the stream.
    await sync_to_async(connections.close_all)()
    if watcher.full(member_id):  # Others came between the check and now.
        return
    clock = asyncio.get_running_loop().time
    end = clock() + random.uniform(*LIFE)  # noqa: S311
    with watcher.listening(workspace_id, member_id, revision) as listener:
        yield f"retry: {_RETRY_MS}\nid: {told}\n\n"
        while not listener.ended and (left := end - clock()) > 0:
            moved = await listener.other_than(told, min(HEARTBEAT, left))
            if moved is None:
                yield ":\n\n"
                continue
            told = moved
            yield f"id: {told}\ndata: {told}\n\n"
            await listener.rest(min(PAUSE, left))
