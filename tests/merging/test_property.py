"""Whatever happened while people were merged: taken apart again, everything is with its first owner.

The oracle is a world in which the same was said and done but nobody was ever merged.
"""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from coterie.merging.merge import NotPossible, merge
from coterie.merging.split import merged_into, split
from coterie.people.models import Share
from tests.bulk.checking import assert_whole
from tests.merging.world import World
from tests.profiles import examples

USERS = ("ada", "bo", "cy")
who = st.sampled_from(USERS)
keys = st.sampled_from(["plan", "default_email", "size"])
says = st.tuples(
    st.just("say"),
    who,
    st.integers(0, 60),
    st.integers(0, 1),
    st.dictionaries(keys, st.sampled_from(["a", "b", 1, True]), max_size=2),
    st.sampled_from([{}, {"add": ["News"]}, {"remove": ["News"]}, {"add": ["Sales"]}]),
    st.sampled_from([None, "s1"]),
)
steps = st.one_of(
    says,
    says,
    st.tuples(st.just("merge"), who, who, st.sets(keys)),
    st.tuples(st.just("split"), who),
    st.tuples(st.just("set"), who, keys),
    st.tuples(st.just("unset"), who, keys),
    st.tuples(st.just("note"), who),
    st.tuples(st.just("put"), who, st.integers(0, 1), st.booleans()),
)


class Story:
    """Both worlds, and who is merged into whom."""

    def __init__(self) -> None:
        self.merging, self.plain = World(), World()
        self.into: dict[str, str] = {}
        self.values = (f"hand {number}" for number in itertools.count())
        for user in USERS:
            self.tell(("say", user, 0, 0, {}, {}, None))

    def tell(self, step: tuple) -> None:
        getattr(self, f"_{step[0]}")(*step[1:])

    def _say(self, user, minute, channel, attributes, segments, session) -> None:
        values = {key: str(value) if key == "default_email" else value for key, value in attributes.items()}
        more = {"attributes": values, "segments": segments, "sessionId": session}
        for world in (self.merging, self.plain):
            world.say(user, minute, channel, **more)

    def _merge(self, one, other, chosen) -> None:
        if one in self.into or other in self.into:
            return
        people = self.merging.person(one), self.merging.person(other)
        try:
            merge(self.merging.workspace, "member:1", people[0].id, people[1].id, chosen)
        except NotPossible:
            return
        self.into[other] = one

    def _split(self, user) -> None:
        if user in self.into:
            survivor = self.merging.person(self.into.pop(user))
            (share,) = (row for row in merged_into(self.merging.workspace, survivor.id) if row.user_id == user)
            split(self.merging.workspace, "member:1", survivor.id, share.id)

    def _set(self, user, key) -> None:
        value = next(self.values)
        for world in (self.merging, self.plain):
            world.edit(self.into.get(user, user), **{key: value})

    def _unset(self, user, key) -> None:
        for world in (self.merging, self.plain):
            world.edit(self.into.get(user, user), **{key: None})

    def _note(self, user) -> None:
        text = next(self.values)
        for world in (self.merging, self.plain):
            world.note(self.into.get(user, user), text)

    def _put(self, user, number, inside) -> None:
        user = self.into.get(user, user)
        segment = self.merging.segments[number]
        there = segment.name in self.merging.everything()[user]["segments"]
        if there != inside:  # Otherwise the member saw that it was so already, and nothing was done.
            for world in (self.merging, self.plain):
                world.put(user, world.segments[number], inside)


@examples(0.5)
@given(st.lists(steps, max_size=14))
def test_taken_apart_again_everything_is_with_its_first_owner(database, told) -> None:
    story = Story()
    for step in told:
        story.tell(step)
    for user in list(story.into):
        story.tell(("split", user))
    assert story.merging.everything() == story.plain.everything()
    assert not Share.objects.filter(workspace=story.merging.workspace).exists()
    assert_whole(story.merging.workspace)
