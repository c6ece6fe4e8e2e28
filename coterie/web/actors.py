"""Who did something, as people call them."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from coterie.accounts.models import ApiToken, Member
from coterie.channels.models import Channel
from coterie.core.ids import from_public
from coterie.segments.settle import ACTOR as RULES
from coterie.web.members import MemberRequest


def called(request: MemberRequest, actors: Iterable[str]) -> dict[str, str]:
    """The name behind each actor of the journal: one query for each kind of them, however many there are."""
    actors = set(actors)
    workspace = request.workspace
    known: dict[str, str] = {}
    if keys := _keys(actors, "member"):
        members = Member.objects.filter(workspace=workspace, pk__in=keys).select_related("user")
        known |= {f"member:{member.pk}": str(member.user) for member in members}
    if keys := _keys(actors, "token"):
        tokens = ApiToken.objects.filter(workspace=workspace, pk__in=keys)
        known |= {f"token:{token.pk}": _("API token %(name)s") % {"name": token.name} for token in tokens}
    known |= {request.actor: _("you")}
    if ids := [row_id for row_id in map(from_public, _texts(actors, "channel")) if row_id is not None]:
        channels = Channel.objects.filter(workspace=workspace, id__in=ids)
        known |= {f"channel:{channel.public_id}": channel.name for channel in channels}
    return {actor: known.get(actor) or _unknown(actor) for actor in actors}


def _keys(actors: Iterable[str], kind: str) -> list[int]:
    """The ids of this kind. Actors stand in addresses, too, and databases refuse larger numbers than they have."""
    ids = [int(key) for key in _texts(actors, kind) if key.isascii() and key.isdigit()]
    return [row_id for row_id in ids if row_id < 1 << 63]


def _texts(actors: Iterable[str], kind: str) -> list[str]:
    pairs = (actor.partition(":") for actor in actors)
    return [key for of, _colon, key in pairs if of == kind]


def _unknown(actor: str) -> str:
    if actor.startswith("member:"):
        return _("a former member")
    if actor.startswith("token:"):
        return _("an API token that is gone")
    if actor.startswith("channel:"):
        return _("a channel that is gone")
    if actor == RULES:
        return _("a rule")
    if actor == "cli":
        return _("the command line")
    return actor
