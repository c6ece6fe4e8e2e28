"""A query string, and everything a page does with it."""

import json

from coterie.audience.audience import Audience
from coterie.audience.tree import (
    Condition,
)
from coterie.audience.view import Parsed

POLAND = Condition("default_country", "is", ("Poland",))


def asked(audience: Audience, query: str) -> Parsed:
    """The view, after everything a page does with it was done: it must be right, or refused, but never fail."""
    parsed = audience.parse(query)
    for problem in parsed.problems:
        assert problem.where
        assert problem.message
        json.dumps(problem.as_json()).encode()
        str(problem).encode()
    audience.page(parsed.view, 2)
    parsed.view.query.encode("ascii")
    return parsed
