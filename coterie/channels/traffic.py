"""How busy a channel is, minute by minute."""

import datetime as dt
from collections.abc import Iterable

from django.db import connection
from django.db.models import Max, OuterRef, Subquery, Sum

from coterie.channels.models import Channel, Traffic
from coterie.chats.models import Chat
from coterie.core.clock import now
from coterie.core.ids import new_id

# What a page can look back at.
KEPT = dt.timedelta(days=7)
_COUNT = """
INSERT INTO channels_traffic (workspace_id, id, channel_id, minute, events, refused, last_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, channel_id, minute) DO UPDATE SET events = channels_traffic.events + excluded.events,
  refused = channels_traffic.refused + excluded.refused,
  last_at = CASE WHEN excluded.events > 0 THEN excluded.last_at ELSE channels_traffic.last_at END
"""


def count(channel: Channel, *, events: int = 0, refused: int = 0) -> None:
    """So many more events were stored just now, or deliveries refused."""
    moment = now()
    adapt = connection.ops.adapt_datetimefield_value
    minute = moment.replace(second=0, microsecond=0)
    row = (channel.workspace_id, new_id(), channel.id, adapt(minute), events, refused, adapt(moment))
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, row)


def lately(workspace_id: int, minutes: int) -> dict[int, tuple[int, int]]:
    """Channel id → (events, refused) in the last so many minutes."""
    rows = Traffic.objects.filter(workspace_id=workspace_id, minute__gt=now() - dt.timedelta(minutes=minutes))
    sums = rows.values_list("channel_id").annotate(Sum("events"), Sum("refused"))
    return {channel_id: (events, refused) for channel_id, events, refused in sums}


def last_events(workspace_id: int) -> dict[int, dt.datetime]:
    """Channel id → when something of it was stored last, as far as that is kept."""
    rows = Traffic.objects.filter(workspace_id=workspace_id, events__gt=0)
    return dict(rows.values_list("channel_id").annotate(Max("last_at")))


def last_chats(workspace_id: int, channel_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """Channel id → when the chat that began last in it was last heard of: for what came before there was a count, or
    longer ago than that is kept. One query, one index entry of each channel.
    """
    chats = Chat.objects.filter(workspace_id=workspace_id, channel_id=OuterRef("id"), by_user=True)
    newest = Subquery(chats.order_by("-started_at", "-id").values("last_at")[:1])
    channels = Channel.objects.filter(workspace_id=workspace_id, id__in=list(channel_ids))
    return {row_id: last for row_id, last in channels.values_list("id", newest) if last is not None}


def forget() -> None:
    """Drops what no page looks back at."""
    Traffic.objects.filter(minute__lt=now() - KEPT).delete()
