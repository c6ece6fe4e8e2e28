"""People as the pages show them: a face, a name, a colour."""

from functools import cache
from html import escape
from zlib import crc32

from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from coterie.audience.rows import Row
from coterie.people.models import Share
from coterie.web.unseen import seen

HUES = 10
# What a source contains → its symbol.
_GLYPHS = {
    **{name: name for name in ("widget", "livechat", "messenger", "slack", "telegram", "whatsapp", "dialogflow")},
    **{name: name for name in ("rasa", "botpress", "segment", "api")},
    **dict.fromkeys(("facebook", "instagram"), "messenger"),
}


@cache
def icon_markup(name: str, extra: str = "") -> str:
    """An icon of the sprite, hidden from screen readers: the text beside it or a label says what it means."""
    more = f" {extra}" if extra else ""
    return f'<svg class="icon{more}" aria-hidden="true"><use href="{static("web/icons.svg")}#i-{name}"/></svg>'


def hue(public_id: str) -> int:
    """The colour of a person or segment: a hash of its id, so that it never changes."""
    return crc32(public_id.encode()) % HUES


def name_of(row: Row) -> str:
    """The name, or where a person without one is."""
    name = row.attributes.get("default_name")
    if name:
        return seen(name)
    places = (row.attributes.get(f"default_{part}") for part in ("city", "region", "country"))
    place = next((seen(part) for part in places if part), "")
    return _("Someone in %(place)s") % {"place": place} if place else _("Someone")


def name_of_share(share: Share) -> str:
    """The name of somebody who was merged into another, or their user id."""
    return seen(share.attributes.get("default_name") or share.user_id)


def face(row: Row, size: str = "") -> SafeString:
    """The avatar: initials, and the glyph of the channel. `size` is one of the stylesheet's: s, l, xl."""
    letters = initials(str(row.attributes.get("default_name") or ""))
    inner = escape(letters) if letters else icon_markup("user")
    kind = glyph(str(row.attributes.get("default_source") or ""))
    via = icon_markup(kind, "via") if kind else ""
    nobody = "" if letters else " nobody"
    about = f'data-hue="{hue(row.public_id)}"' + (f' data-size="{size}"' if size else "")
    markup = f'<span class="avatar{nobody}" {about} aria-hidden="true">{inner}{via}</span>'
    return mark_safe(markup)  # noqa: S308


def initials(name: str) -> str:
    """One or two letters of a name: the first ones of its first and last word."""
    letters = [next((sign for sign in word if sign.isalnum()), "") for word in name.split()]
    letters = [letter for letter in letters if letter]
    return "".join(dict.fromkeys((letters[0], letters[-1]))).upper() if letters else ""


def glyph(source: str) -> str:
    """The icon of the channel somebody came through; empty when the channel has none of its own."""
    lowered = source.lower().replace(" ", "")
    return next((symbol for name, symbol in _GLYPHS.items() if name in lowered), "")


def glyph_of(source: str) -> str:
    """That icon in front of the channel's name."""
    kind = glyph(source)
    return icon_markup(kind) if kind else ""
