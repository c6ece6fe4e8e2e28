"""How many examples the property tests take: few in every run of the suite, ten times as many in one that has the time.

`ci`, the default, takes the same examples in every run: a test that fails in it fails because of a change, never
because of the draw of the day. New examples are for `thorough`, which draws others in each run and prints how to repeat
the one that fails. Choose it with `HYPOTHESIS_PROFILE=thorough` or pytest's `--hypothesis-profile=thorough`.

No profile keeps examples in a database: a run would depend on those before it.

A test that needs more examples than others, because they are cheap, or fewer, because they cost much, says by how
much: `@examples(0.5)`. Tests without Hypothesis that repeat something ask `times`.
"""

import os

from hypothesis import HealthCheck, settings

_BOTH = settings(
    database=None,
    # The processor may be busy with other tests.
    deadline=None,
    print_blob=True,
    # Examples share the workspace of their test, and are allowed to be large.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("ci", _BOTH, max_examples=25, derandomize=True)
settings.register_profile("thorough", _BOTH, max_examples=250, derandomize=False)
# pytest's option is read later, and wins.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def times(factor: float) -> int:
    """So many times as often as the profile says, at least once."""
    return max(1, round(settings.default.max_examples * factor))


def examples(factor: float) -> settings:
    """A decorator for tests with `@given`: so many times as many examples as the profile says."""
    return settings(max_examples=times(factor))
