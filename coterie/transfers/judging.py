"""What the rows of a file mean for the people who are there: set-based, in a small DuckDB database of its own.

For each chunk: `understand` its cells and `take` them, then, inside the transaction that has the people locked, `judge`
the rows. Nothing here changes anybody; see `writing`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from django.conf import settings

from coterie.audience import query
from coterie.audience.audience import Audience
from coterie.audience.columns import RESERVED_KEYS, Type
from coterie.core.clock import FUTURE_TOLERANCE, UTC, now
from coterie.transfers.cells import TIMES, cleaned, fragment, moment, named, problem
from coterie.transfers.judged import Judged, Person
from coterie.transfers.judging_sql import differs, json_object, pointer, refusals, repetitions, sql_list, time_text
from coterie.transfers.reading import Chunk
from coterie.transfers.wishes import Wishes

# Megabytes. DuckDB takes a block of 256 kB for each column of each table, however few the rows.
_MEMORY, _PER_COLUMN = 48, 2
# Who is named by an e-mail address, as a filter before the people themselves are looked at.
# (A hash of NULL is a number like any other, so the key is made NULL by hand.)
_EMAIL_KEY = "CASE WHEN {0} IS NOT NULL THEN hash('e' || lower({0})) END"
_STRANGERS = "line IN (SELECT line FROM judged WHERE problem IS NULL AND person IS NULL)"


class Judge:
    """The rows of one file. `keys` are the attributes of its columns, None where a column is not read.

    `few`: only some rows will be judged, so that nobody's address but theirs is looked up.
    """

    def __init__(
        self,
        audience: Audience,
        keys: Sequence[str | None],
        types: Mapping[str, Type],
        wishes: Wishes,
        *,
        guarded: bool,
        few: bool = False,
    ) -> None:
        self._audience = audience
        self._columns = [(index, key) for index, key in enumerate(keys) if key is not None]
        self._texts = {key: f"t{number}" for number, (_, key) in enumerate(self._columns)}
        self._types = types
        self._wishes = wishes
        self._guarded = guarded
        self._by_email_only = wishes.match == "email" or "userId" not in self._texts
        self.values_read = [key for key in self._texts if key not in ("userId", *TIMES)]
        self._few = few
        self._emails = False
        self._db = duckdb.connect(
            config={
                "memory_limit": f"{_MEMORY + _PER_COLUMN * len(self._columns)}MB",
                # People's data: where the rest of it is.
                "temp_directory": str(Path(settings.DATA) / "import.tmp"),
                "threads": 2,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        self._db.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL preserve_insertion_order = false")
        self._ahead = self._db.cursor()
        # Every user id, e-mail address and person that a row was about, as hashes: what is there twice is rejected.
        self._db.execute("CREATE TABLE seen (key UBIGINT, line BIGINT); CREATE TABLE emails (key UBIGINT, id BIGINT)")

    def close(self) -> None:
        """Lets go of the memory."""
        self._ahead.close()
        self._db.close()

    def understand(self, chunk: Chunk) -> None:
        """Cleans, types and checks the cells of a chunk. May be done in another thread, while rows are judged."""
        arrays = [named(key, cleaned(chunk.columns[index], self._guarded)) for index, key in self._columns]
        names = ["line", *self._texts.values()]
        self._ahead.register("chunk", pa.table([pa.array(chunk.numbers, pa.int64()), *arrays], names=names))
        select = [
            f"{fragment(self._texts[key], key, self._types.get(key))} AS n{i}" for i, key in enumerate(self.values_read)
        ]
        # What a new person would get is put together here, beside the database's work on the rows before.
        made = json_object([("", key, f"n{n}") for n, key in enumerate(self.values_read)])
        self._ahead.execute(
            "CREATE OR REPLACE TABLE coming AS SELECT * EXCLUDE (first_seen, last_seen),"
            f" {made} AS made, {time_text('least(first_seen, last_seen)')} AS first_seen,"
            f" {time_text('last_seen')} AS last_seen FROM (SELECT line,"
            f" {self._text('userId')} AS user_id, {self._text('default_email')} AS email,"
            f" {self._time('createdAt')} AS first_seen, {self._time('lastSeen')} AS last_seen,"
            f" {problem(self._texts, self._wishes.dates)} AS problem{''.join(f', {one}' for one in select)} FROM chunk)"
        )
        self._ahead.unregister("chunk")

    def take(self) -> None:
        """Makes the rows that were understood last the present ones."""
        self._db.execute("DROP TABLE IF EXISTS rows; ALTER TABLE coming RENAME TO rows")

    def values(self) -> dict[str, Any]:
        """The attributes of the present rows that are not empty everywhere, each with one of its values."""
        found = ", ".join(f"any_value(n{number})" for number in range(len(self.values_read))) or "any_value(NULL)"
        (row,) = self._db.execute(f"SELECT {found} FROM rows WHERE problem IS NULL").fetchall()
        pairs = zip(self.values_read, row, strict=False)
        return {key: json.loads(text) for key, text in pairs if text is not None and key not in RESERVED_KEYS}

    def user_ids(self) -> list[str]:
        """The user ids of the present rows."""
        sql = "SELECT DISTINCT user_id FROM rows WHERE problem IS NULL AND user_id IS NOT NULL"
        return [row[0] for row in self._db.execute(sql).fetchall()]

    def ids_by_email(self) -> list[int]:
        """The people who may be meant by the addresses of the present rows."""
        only = "" if self._by_email_only else " AND user_id IS NULL"
        wanted = f"FROM rows WHERE problem IS NULL AND email IS NOT NULL{only}"
        if not self._db.execute(f"SELECT 1 {wanted} LIMIT 1").fetchall():
            return []
        self._know_emails()
        keys = f"SELECT {_EMAIL_KEY.format('email')} AS key {wanted}"
        sql = f"SELECT DISTINCT e.id FROM emails e SEMI JOIN ({keys}) USING (key)"
        return [row[0] for row in self._db.execute(sql).fetchall()]

    def judge(self, people: Sequence[Person]) -> Judged:
        """What becomes of the present rows; `people` are those of `user_ids` and `ids_by_email`, locked."""
        self._match(people)
        rejected = self._db.execute(
            "SELECT line, problem FROM judged WHERE problem IS NOT NULL ORDER BY line"
        ).fetchall()
        if self._wishes.policy == "skip" or not people:
            changed, kept, gained = [], self._ids("person IS NOT NULL") if people else [], self._gained("false")
        else:
            self._compare()
            changed = self._db.execute(self._changed_sql()).fetchall()
            kept = self._ids("person IS NOT NULL AND NOT differs", "compared")
            gained = self._gained("differs")
        return Judged(self._new(), changed, kept, rejected, gained)

    def accept(self) -> None:
        """The present rows are done: whoever they are about may not come again in this file."""
        self._db.execute("INSERT INTO seen FROM keys SEMI JOIN (FROM judged WHERE problem IS NULL) USING (line)")

    def read(self) -> list[tuple[Any, ...]]:
        """The judged rows as they were read: (line, problem, person, user id, first seen, last seen, JSON per value).

        Values are in the order of `values_read`.
        """
        values = "".join(f", n{number}" for number in range(len(self.values_read)))
        first_seen = "first_seen" if "createdAt" in self._texts else "NULL"
        return self._db.execute(
            f"SELECT line, j.problem, person, user_id, {first_seen}::TIMESTAMP, last_seen::TIMESTAMP{values}"
            " FROM judged j JOIN rows USING (line) ORDER BY line"
        ).fetchall()

    def _text(self, key: str) -> str:
        return self._texts.get(key, "NULL::VARCHAR")

    def _time(self, key: str) -> str:
        if key not in self._texts:
            return "NULL::TIMESTAMP"
        present = now()
        value, limit = moment(self._texts[key], self._wishes.dates), f"TIMESTAMP '{_naive(present + FUTURE_TOLERANCE)}'"
        return f"CASE WHEN ({value}) > {limit} THEN TIMESTAMP '{_naive(present)}' ELSE ({value}) END"

    def _know_emails(self) -> None:
        """Everybody's addresses, as they are when the first row needs them; `judge` looks at them again."""
        if self._emails:
            return
        only = [row[0] for row in self._db.execute("SELECT DISTINCT lower(email) FROM rows").fetchall()]
        with self._audience.replica.reading() as reader:
            for batch in query.emails(reader, only if self._few else None):
                self._db.register("batch", pa.Table.from_batches([batch]))
                self._db.execute(f"INSERT INTO emails SELECT {_EMAIL_KEY.format('email')}, id FROM batch")
                self._db.unregister("batch")
        self._emails = not self._few

    def _match(self, people: Sequence[Person]) -> None:
        """`judged`: the rows with the person they are about, if that is somebody who is there."""
        there = pa.table(
            [
                pa.array([person.id for person in people], pa.int64()),
                pa.array([person.user_id for person in people], pa.string()),
                pa.array([person.attributes for person in people], pa.string()),
            ],
            names=["id", "user_id", "attributes"],
        )
        self._db.register("incoming", there)
        self._db.execute("CREATE OR REPLACE TABLE there AS FROM incoming")
        self._db.unregister("incoming")
        by_email = "r.email IS NOT NULL" + ("" if self._by_email_only else " AND r.user_id IS NULL")
        person = "e.id" if self._wishes.match == "email" else "coalesce(u.id, e.id)"
        self._db.execute(f"""
            CREATE OR REPLACE TABLE matched AS
            SELECT r.line, r.user_id IS NULL AS nameless, {person} AS person,
                CASE {refusals(self._wishes)} ELSE r.problem END AS why,
                CASE WHEN r.user_id IS NOT NULL THEN hash('u' || r.user_id) END AS ku,
                {_EMAIL_KEY.format("r.email")} AS ke,
                CASE WHEN {person} IS NOT NULL THEN hash('p' || {person}) END AS kp
            FROM rows r LEFT JOIN there u ON u.user_id = r.user_id
            LEFT JOIN (
                SELECT lower(attributes ->> '$.default_email') AS email, min(id) AS id, count(*) AS n
                FROM there GROUP BY ALL) e ON e.email = lower(r.email) AND {by_email}""")
        self._reject_repetitions()

    def _reject_repetitions(self) -> None:
        """`judged`, and `keys` of all that its rows name: user ids, addresses, people."""
        self._db.execute("""
            CREATE OR REPLACE TABLE keys AS
            SELECT unnest([ku, ke, kp]) AS key, line FROM matched WHERE why IS NULL;
            DELETE FROM keys WHERE key IS NULL""")
        self._db.execute(f"CREATE OR REPLACE TABLE judged AS {repetitions(self._wishes)}")

    def _compare(self) -> None:
        """`compared`: those who are there, with what is different about each attribute."""
        pointers = [pointer(key) for key in self.values_read]
        extracted = f"json_extract(t.attributes, {sql_list(pointers)})" if pointers else "[]"
        tests = [f"{differs(f'old[{n + 1}]', f'n{n}')} AS d{n}" for n in range(len(self.values_read))]
        replace = self._wishes.policy == "replace"
        tests += [
            f"(n{n} IS NULL AND old[{n + 1}] IS NOT NULL) AS g{n}" for n in range(len(self.values_read)) if replace
        ]
        flags = [test.rpartition(" AS ")[2] for test in tests]
        self._db.execute(f"""
            CREATE OR REPLACE TABLE compared AS
            SELECT *, {" OR ".join(flags) or "false"} AS differs FROM (
                SELECT *{"".join(f", {test}" for test in tests)} FROM (
                    SELECT r.*, j.person, t.attributes, {extracted} AS old
                    FROM judged j JOIN there t ON t.id = j.person JOIN rows r ON r.line = j.line
                    WHERE j.problem IS NULL))""")

    def _changed_sql(self) -> str:
        numbers = range(len(self.values_read))
        after = json_object([(f"d{n}", key, f"n{n}") for n, key in enumerate(self.values_read)])
        before = json_object(
            [
                (f"d{n} AND old[{n + 1}] IS NOT NULL", key, f"old[{n + 1}]::VARCHAR")
                for n, key in enumerate(self.values_read)
            ]
        )
        gone, nulls = "'{}'", "'{}'"
        if self._wishes.policy == "replace":
            gone = json_object([(f"g{n}", self.values_read[n], f"old[{n + 1}]::VARCHAR") for n in numbers])
            nulls = json_object([(f"g{n}", self.values_read[n], "'null'") for n in numbers])
        return (
            f"SELECT person, json_merge_patch(json_merge_patch(attributes, {nulls}), after)::VARCHAR,"
            " CASE WHEN after <> '{}' THEN before END, CASE WHEN after <> '{}' THEN after END,"
            " CASE WHEN gone <> '{}' THEN gone END"
            f" FROM (SELECT *, {before} AS before, {after} AS after, {gone} AS gone FROM compared WHERE differs)"
            " ORDER BY person"
        )

    def _new(self) -> list[tuple[Any, ...]]:
        sql = f"SELECT line, user_id, made, first_seen, last_seen FROM rows WHERE {_STRANGERS} ORDER BY line"
        return self._db.execute(sql).fetchall()

    def _ids(self, condition: str, table: str = "judged") -> list[int]:
        sql = f"SELECT person FROM {table} WHERE problem IS NULL AND {condition} ORDER BY person"
        return [row[0] for row in self._db.execute(sql).fetchall()]

    def _gained(self, differs: str) -> dict[str, int]:
        """How many more (or fewer) people have each attribute."""
        if not self.values_read:
            return {}
        numbers = range(len(self.values_read))
        sums = ", ".join(f"count(n{n})" for n in numbers)
        (found,) = self._db.execute(f"SELECT {sums} FROM rows WHERE {_STRANGERS}").fetchall()
        total = dict(zip(self.values_read, found, strict=True))
        if differs != "false":
            replace = self._wishes.policy == "replace"
            sums = ", ".join(
                f"count(*) FILTER (d{n} AND old[{n + 1}] IS NULL)" + (f" - count(*) FILTER (g{n})" if replace else "")
                for n in numbers
            )
            (more,) = self._db.execute(f"SELECT {sums} FROM compared WHERE {differs}").fetchall()
            total = {key: total[key] + change for key, change in zip(self.values_read, more, strict=True)}
        return total


def _naive(moment_: Any) -> str:
    return str(moment_.astimezone(UTC).replace(tzinfo=None))
