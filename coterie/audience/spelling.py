"""How a condition and a list of columns are spelled in an address. The parts are percent-encoded one by one."""

from collections.abc import Iterable
from urllib.parse import quote, unquote, unquote_plus

from coterie.audience.columns import LEADS
from coterie.audience.tree import Condition, FilterError


def print_condition(condition: Condition) -> str:
    """`default_country:is:United%20States`."""
    parts = [quote(condition.attribute, safe=""), quote(condition.rule, safe="")]
    if condition.values:
        parts.append("|".join(quote(value, safe="") for value in condition.values))
    return ":".join(parts)


def print_columns(columns: Iterable[str]) -> str:
    """`default_email,plan`. Without any, the name alone, for an empty part says nothing.

    A key with a comma is encoded twice: a form encodes the commas between the keys, too.
    """
    keys = (quote(key, safe="") if "," in key or "%" in key else key for key in columns)
    return ",".join(quote(key, safe="") for key in keys) or LEADS


def parse_condition(raw: str, where: str = "f") -> Condition:
    """The condition behind one raw (not yet decoded) `f`.

    Clients that encode the whole value, once more or only (`%3A` for the colons), are understood too. Theirs is a plus
    sign by now, not a space: `john+news@example.com`.
    """
    raw = raw.replace("+", " ") if ":" in raw else unquote_plus(raw)
    attribute, _, rest = raw.partition(":")
    rule, _, values = rest.partition(":")
    if not attribute or not rule:
        raise FilterError(where, f"“{unquote(raw)[:200]}” is not of the form attribute:rule:value.")
    return Condition(
        unquote(attribute),
        unquote(rule),
        tuple(unquote(value) for value in values.split("|")) if values else (),
    )
