"""docs/filters.md from the rules table, so that it cannot tell anything else: `python -m tools.filters_doc`."""

from pathlib import Path

import django

django.setup()

from coterie.audience.columns import DEFAULT_COLUMNS  # noqa: E402
from coterie.audience.rules import RULES, Arity  # noqa: E402

PAGE = Path(__file__).parent.parent / "docs" / "filters.md"
VALUES = {Arity.NONE: "none", Arity.ONE: "one", Arity.TWO: "two", Arity.MANY: "one or more"}
HEAD = """# Filters

In the address of the Users page, in `GET /api/users` and in `coterie export --filter`, a filter is
`attribute:rule:value`. Each part is percent-encoded by itself; several values are joined with `|`.

```
/users?match=any&f=default_country:is:United%20States&f=lastSeen:in_last:7%20days&sort=-lastSeen
```

`match` is `all` (the default) or `any`. Groups travel as `q=` with JSON: `{"all": [...]}`, `{"any": [...]}`,
`{"not": {...}}` around conditions `{"attribute": …, "rule": …, "values": [...]}`; at most 40 conditions, 6 levels deep.
An address has filters in `f` or in `q`, not in both.

`search=ada` keeps whoever has these very letters, in whatever case, in the name, the e-mail address, the username or
the user ID. It narrows the filters and is part of the view, of its export and of `GET /api/users`.

Text compares without regard to case. Negative rules are the opposite of the positive ones, so they include people
without a value. Dates and relative times are taken in the workspace's time zone. A filter that is not
understood is refused and its wrong part named: a typo in it never means everybody.

The rest of the address: `search=` (a part of the name, e-mail address, username or user id, to the letter),
`sort=` (an attribute, `-` in front turns the order around), `columns=` (attributes joined with `,`; without it
everybody sees their own columns), `after=` and `before=` (a page). `match=all` alone is the view of everybody. What is
wrong with these is left out with a notice, and the rest of the view stays.
"""


def page() -> str:
    """The whole page."""
    lines = [HEAD, "## Rules\n", "| type | rule | in words | values |", "|---|---|---|---|"]
    for kind, rules in RULES.items():
        lines += [f"| {kind} | `{rule.key}` | {rule.words} | {VALUES[rule.arity]} |" for rule in rules.values()]
    lines += [
        "",
        "Times take `2026-11-23` or an exact ISO 8601 time; `in_last` takes `30 minutes`, `12 hours`, `7 days`,",
        "`2 weeks` or `3 months`. Segments are named by their id.",
        "",
        "## Attributes",
        "",
        "| attribute | in words | type |",
        "|---|---|---|",
    ]
    lines += [f"| `{column.key}` | {column.label} | {column.type} |" for column in DEFAULT_COLUMNS]
    lines += [
        "",
        "Every attribute of your own is used by its name. The list can be sorted by any of them; by segments means by",
        "how many somebody is in. `default_location` is computed: city and region, or what is known of them.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
