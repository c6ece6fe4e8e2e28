"""The attributes of one invented person: who, from where, and what the coffee shop knows about them."""

from collections.abc import Callable
from typing import Any

from coterie.demo.dialogues import ROASTS
from coterie.demo.dice import Roll, Weighted, pick
from coterie.demo.names import CULTURES, Name
from coterie.demo.places import COUNTRIES

Attributes = dict[str, Any]

_MAIL_NAMES = (
    "mail post inbox letterbox quickpost bluemail mailbox webmail homepost citymail greenmail "
    "openpost myletters hellomail sunnymail riverpost northmail studio-nine oldmill "
    "harbourhouse lanternworks pinegrove copperkettle paperboat"
)
_MAIL_DOMAINS = tuple(f"{name}.example" for name in _MAIL_NAMES.split())
_PAGES = Weighted(
    [
        ("https://fernhill.example/", 22),
        ("https://fernhill.example/shop", 14),
        ("https://fernhill.example/find-your-roast", 12),
        ("https://fernhill.example/subscription", 9),
        ("https://fernhill.example/shop/morning-fern", 8),
        ("https://fernhill.example/shop/night-train-espresso", 7),
        ("https://fernhill.example/shop/hand-grinders", 5),
        ("https://fernhill.example/account/orders", 9),
        ("https://fernhill.example/help/shipping", 5),
        ("https://fernhill.example/gifts", 5),
        ("https://fernhill.example/visit", 3),
        ("https://fernhill.example/wholesale", 1),
    ]
)
_REFERRERS = Weighted(
    [
        ("https://search.example/?q=fresh+roasted+coffee", 30),
        ("https://search.example/?q=fernhill+coffee", 22),
        ("https://news.fernhill.example/spring", 14),
        ("https://coffee-notes.example/best-small-roasters", 12),
        ("https://pictures.example/fernhill", 12),
        ("https://grinder-review.example/hand-grinders", 6),
        ("https://brewguide.example/french-press", 4),
    ]
)
_IP_RANGES = ("192.0.2.", "198.51.100.", "203.0.113.")
_PLANS = Weighted([("free", 70), ("pro", 22), ("team", 8)])
_GRINDERS = Weighted([("burr", 40), ("hand", 35), ("blade", 15), ("none", 10)])
_ORDER_CURVE = {"free": 5.0, "pro": 2.2, "team": 1.8}
_ADDRESS_FORMS: tuple[Callable[[str, str], str], ...] = (
    lambda given, family: f"{given}.{family}",
    lambda given, family: f"{given[0]}{family}",
    lambda given, family: f"{given}_{family}",
    lambda given, family: f"{given}{family[0]}",
    lambda given, family: f"{family}.{given}",
)


def profile(roll: Roll, serial: int, source: str) -> Attributes:
    """What is known of a person by default attributes. `serial` makes their e-mail address unique."""
    country = COUNTRIES.pick(roll)
    city = country.cities.pick(roll)
    kind = country.kinds.pick(roll)
    known: Attributes = {"default_source": source, "default_language": kind.language}
    # The location comes from the IP: it is unknown for a few, and coarse for some more.
    if (located := roll()) > 0.03:
        known["default_country"] = country.name
        known["default_timezone"] = city.time_zone
        known["default_ip"] = f"{pick(roll, _IP_RANGES)}{1 + int(roll() * 254)}"
        if located > 0.08:
            known["default_region"] = city.region
            known["default_city"] = city.name
    if roll() > 0.12:
        sex = int(roll() * 2)
        _introduce(roll, known, CULTURES[kind.culture].name(roll, sex, kind.latin), sex, serial)
    if source == "widget":
        known["default_url"] = _PAGES.pick(roll)
        if roll() < 0.55:
            known["default_referrer"] = _REFERRERS.pick(roll)
    return known


def _introduce(roll: Roll, known: Attributes, name: Name, sex: int, serial: int) -> None:
    """Name, e-mail and what else somebody tells who does not stay anonymous."""
    known["default_name"] = name.full
    # With the serial number split between domain and local part no two people share an address.
    number, domain = divmod(serial, len(_MAIL_DOMAINS))
    if roll() < 0.852:
        local = pick(roll, _ADDRESS_FORMS)(name.given, name.family)
        known["default_email"] = f"{local}{number or ''}@{_MAIL_DOMAINS[domain]}"
    if roll() < 0.2:
        known["default_username"] = f"{name.given}{int(roll() * 1000)}"
    if roll() < 0.35:
        known["default_gender"] = ("male", "female")[sex]
    if roll() < 0.02:
        known["default_avatar"] = f"https://avatars.fernhill.example/{serial:x}.png"


def habits(roll: Roll, known: Attributes, until_year: int) -> None:
    """Adds the shop's own attributes to those of a person."""
    if roll() < 0.75:
        plan = known["plan"] = _PLANS.pick(roll)
        known["orders"] = int(61 * roll() ** _ORDER_CURVE[plan])
    if roll() < 0.3:
        known.setdefault("favorite_roast", pick(roll, ROASTS))
    if roll() < 0.25:
        known["grinder"] = _GRINDERS.pick(roll)
    if roll() < 0.6:
        known["newsletter"] = "default_email" in known and roll() < 0.45
    if "default_name" in known and roll() < 0.04:
        year = until_year - 18 - int(roll() * 50)
        known["birthday"] = f"{year}-{1 + int(roll() * 12):02d}-{1 + int(roll() * 28):02d}"
