"""The test of a channel that is answered at once and keeps no raw events: when it was last heard of."""

from django.utils.translation import gettext as _

from coterie.channels import traffic
from coterie.channels.kinds import Denied
from coterie.channels.models import Channel


def last_heard(channel: Channel) -> str:
    """When something came through it last, in a sentence; raises Denied when nothing ever did."""
    last = traffic.last_events(channel.workspace_id).get(channel.id)
    last = last or traffic.last_chats(channel.workspace_id, [channel.id]).get(channel.id)
    if last is None:
        raise Denied(_("Nothing arrived yet. Do what is said above, then try this again."))
    return _("The last message arrived on %(at)s (UTC).") % {"at": f"{last:%Y-%m-%d %H:%M:%S}"}
