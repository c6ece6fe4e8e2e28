"""Looking for static files once, however many test clients there are."""

from collections.abc import Iterator

import pytest

from coterie.core.static import StaticFiles


@pytest.fixture(scope="session", autouse=True)
def static_files_found_once() -> Iterator[None]:
    """A server builds its middleware once, a test client at its first request: then 76 files are looked at, for 10 ms.

    That was a quarter of the time of tests/channels. The files are the same for all of them.
    """
    found: dict[str, object] = {}
    look = StaticFiles.add_files_from_finders

    def once(self: StaticFiles) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files = found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFiles, "add_files_from_finders", once)
        yield
