"""The one permission table: what a member of each role may do. Whatever is not listed is denied."""

from enum import StrEnum

from coterie.accounts.models import Member, Role


class Verb(StrEnum):
    """Something a member may do in their workspace."""

    VIEW = "view"
    EXPORT = "export"
    EDIT_SEGMENTS = "edit segments"
    EDIT_PEOPLE = "edit people"
    DELETE_PEOPLE = "delete people"
    SEE_SECRETS = "see secrets"
    EDIT_ATTRIBUTES = "edit attributes"
    SHARE_VIEWS = "share views"
    EDIT_VIEWS_OF_OTHERS = "edit views of others"
    EDIT_CHANNELS = "edit channels"


# From the least to the most.
_RANK = (Role.VIEWER, Role.EDITOR, Role.ADMIN, Role.OWNER)
LEAST_ROLE: dict[Verb, Role] = {
    Verb.VIEW: Role.VIEWER,
    Verb.EXPORT: Role.EDITOR,
    Verb.EDIT_SEGMENTS: Role.EDITOR,
    Verb.EDIT_PEOPLE: Role.EDITOR,
    Verb.DELETE_PEOPLE: Role.ADMIN,
    Verb.SEE_SECRETS: Role.ADMIN,
    Verb.EDIT_ATTRIBUTES: Role.ADMIN,
    Verb.SHARE_VIEWS: Role.EDITOR,
    Verb.EDIT_VIEWS_OF_OTHERS: Role.ADMIN,
    Verb.EDIT_CHANNELS: Role.ADMIN,
}


def may(member: Member, verb: Verb) -> bool:
    """Whether the member's role is at least the one that the verb needs. An unknown role may do nothing."""
    role = next((known for known in _RANK if known == member.role), None)
    return role is not None and _RANK.index(role) >= _RANK.index(LEAST_ROLE[verb])
