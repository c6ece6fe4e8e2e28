"""What there is to do in the background. Adding a kind is a line here.

By name, because the steps know people and segments, and this package must not.
"""

from collections.abc import Callable
from functools import cache

from django.utils.module_loading import import_string

from coterie.jobs.running import Run

# Does the next piece of an operation, of about a second, and saves how far it came: `Run.commit` or `Run.save`.
Step = Callable[[Run], None]
KINDS = {
    **dict.fromkeys(("join", "leave", "set", "clear", "ban", "unban", "delete"), "coterie.bulk.doing.step"),
    "undo": "coterie.bulk.undoing.step",
    "import": "coterie.transfers.importer.step",
    "export": "coterie.transfers.exporting.step",
    "check": "coterie.transfers.checking.step",
    "erase": "coterie.privacy.erasing.step",
}
# Questions: somebody waits for the answer, so they have a worker of their own, and nobody looks at them afterwards.
QUESTIONS = ("check",)
# What workers do from time to time.
SWEEPS = (
    "coterie.bulk.forgetting.sweep",
    "coterie.segments.trash.sweep",
    "coterie.transfers.files.clean",
    "coterie.transfers.downloading.sweep",
    "coterie.transfers.uploads.clean_up",
    "coterie.privacy.copies.sweep",
    "coterie.privacy.mentions.sweep",
    "coterie.privacy.retention.sweep",
)


def sweep() -> None:
    """Does all of it once."""
    for name in SWEEPS:
        import_string(name)()


@cache
def step_of(kind: str) -> Step:
    """The step that operations of this kind are worked on by, again and again until they are finished."""
    step: Step = import_string(KINDS[kind])
    return step
