"""Who did something, as people call them."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from coterie.accounts.models import ApiToken, Member
from coterie.web.members import MemberRequest


def called(request: MemberRequest, actors: Iterable[str]) -> dict[str, str]:
    """The name behind each actor of the journal: two queries, however many there are."""
    actors = set(actors)
    workspace = request.workspace
    members = Member.objects.filter(workspace=workspace, pk__in=_keys(actors, "member")).select_related("user")
    tokens = ApiToken.objects.filter(workspace=workspace, pk__in=_keys(actors, "token"))
    known = {f"member:{member.pk}": str(member.user) for member in members}
    known |= {f"token:{token.pk}": _("API token %(name)s") % {"name": token.name} for token in tokens}
    known |= {request.actor: _("you")}
    return {actor: known.get(actor) or _unknown(actor) for actor in actors}


def _keys(actors: Iterable[str], kind: str) -> list[int]:
    """The ids of this kind. Actors stand in addresses, too, and databases refuse larger numbers than they have."""
    pairs = (actor.partition(":") for actor in actors)
    ids = [int(key) for of, _colon, key in pairs if of == kind and key.isascii() and key.isdigit()]
    return [row_id for row_id in ids if row_id < 1 << 63]


def _unknown(actor: str) -> str:
    if actor.startswith("member:"):
        return _("a former member")
    if actor.startswith("token:"):
        return _("an API token that is gone")
    if actor == "cli":
        return _("the command line")
    return actor
