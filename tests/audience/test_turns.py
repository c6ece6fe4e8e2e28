"""A newer question of somebody who is still typing ends the older one, and nothing else."""

import threading
import time

import duckdb
import pytest
from django.db import connection

from coterie.accounts.models import Workspace
from coterie.audience import turns
from coterie.audience.audience import Audience, audience_of
from coterie.audience.turns import Superseded, take_turn
from tests.makers import make_person

# Runs for minutes if nobody ends it.
SLOW = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 1"


@pytest.fixture
def asked(workspace: Workspace) -> Audience:
    """An audience of one."""
    make_person(workspace)
    audience = audience_of(workspace)
    audience.count(None)
    return audience


class Asking(threading.Thread):
    """Asks something slow in a turn of its own; `outcome` is what came of it."""

    def __init__(self, audience: Audience, slot: str | None, number: int = 0, queries: int = 1) -> None:
        super().__init__(daemon=True)
        self.audience, self.slot, self.number, self.queries = audience, slot, number, queries
        self.begun = threading.Event()
        self.outcome: object = None
        self.reader: duckdb.DuckDBPyConnection | None = None
        self.start()
        assert self.begun.wait(10)

    def question(self, reader: duckdb.DuckDBPyConnection) -> int:
        self.reader = reader
        self.begun.set()
        for _ in range(self.queries):
            reader.execute(SLOW).fetchall()
        return 0

    def run(self) -> None:
        try:
            if self.slot is None:
                self.outcome = self.audience.ask(self.question)
            else:
                with take_turn(self.slot, self.number) as turn:
                    self.outcome = self.audience.within(turn).ask(self.question)
        except (Superseded, duckdb.Error) as error:
            self.outcome = type(error)
        finally:
            connection.close()


@pytest.mark.one_database
def test_a_newer_turn_ends_the_slow_query_of_the_older_one(asked: Audience) -> None:
    older = Asking(asked, "slot")
    began = time.monotonic()
    with take_turn("slot") as turn:
        assert asked.within(turn).count(None) == 1
    older.join(10)
    assert older.outcome is Superseded
    assert time.monotonic() - began < 5


@pytest.mark.one_database
def test_an_interruption_between_two_queries_is_not_lost(asked: Audience) -> None:
    older = Asking(asked, "slot", queries=1_000)
    with take_turn("slot"):
        older.join(10)
    assert older.outcome is Superseded


@pytest.mark.one_database
def test_other_slots_and_other_readers_go_on(asked: Audience) -> None:
    other, plain = Asking(asked, "other"), Asking(asked, None)
    with take_turn("slot"), take_turn("third"):
        time.sleep(0.2)
        assert other.is_alive()
        assert plain.is_alive()
    with take_turn("other"):
        other.join(10)
    assert plain.is_alive()
    assert plain.reader is not None
    plain.reader.interrupt()
    plain.join(10)
    assert (other.outcome, plain.outcome) == (Superseded, duckdb.InterruptException)


@pytest.mark.one_database
def test_a_late_older_turn_does_not_end_the_newer_one(asked: Audience) -> None:
    with take_turn("slot", 7) as newest:
        with pytest.raises(Superseded), take_turn("slot", 6):
            pass
        assert asked.within(newest).count(None) == 1


@pytest.mark.one_database
def test_a_turn_that_is_over_asks_nothing_more(asked: Audience) -> None:
    with take_turn("slot") as older:
        assert asked.within(older).count(None) == 1
        with take_turn("slot"), pytest.raises(Superseded):
            asked.within(older).count(None)


@pytest.mark.one_database
def test_nothing_is_left_behind(asked: Audience) -> None:
    for number in range(20):
        with take_turn("slot", number) as turn:
            asked.within(turn).count(None)
    with pytest.raises(ZeroDivisionError), take_turn("slot"):
        raise ZeroDivisionError
    assert not turns._turns


def test_of_many_who_ask_at_once_the_newest_is_answered(asked: Audience) -> None:
    outcomes: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            with take_turn("slot", number) as turn:
                outcomes[number] = asked.within(turn).count(None)
        except Superseded:
            outcomes[number] = Superseded
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcomes[29] == 1
    assert set(outcomes.values()) <= {1, Superseded}
    assert not turns._turns
