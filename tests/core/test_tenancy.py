"""The tenant is in every table, every key and every unique rule; one door writes people, one compiler filters them."""

import ast
import functools
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models import CompositePrimaryKey, ForeignKey, UniqueConstraint

from tests.conftest import ROOT

SOURCE = ROOT / "coterie"
OURS = [model for model in apps.get_models() if model.__module__.startswith("coterie.")]
# The tenant itself, and logins, who may be members of several.
GLOBAL = {"accounts.User", "accounts.Workspace"}
# Tables about the team: few rows, never among the people of a workspace. A row of them is found by a key that
# comes without a workspace and leads to one.
OF_THE_TEAM = {"accounts.Member", "accounts.ApiToken", "accounts.AuditEntry"}
# ApiToken: a token comes without a workspace, and leads to one.
KEYS_TO_A_WORKSPACE = {("accounts.ApiToken", ("digest",))}


def tenants() -> list[type[models.Model]]:
    return [model for model in OURS if model._meta.label not in GLOBAL]


def unique_sets(model: type[models.Model]) -> Iterator[tuple[str, ...]]:
    """The columns of everything that is unique in a table, apart from its primary key."""
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            yield (field.name,)
    yield from (tuple(fields) for fields in model._meta.unique_together)
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield (*constraint.fields, *(name for part in constraint.expressions for name in _names(part)))


def _names(expression: object) -> list[str]:
    if isinstance(expression, models.F):
        return [expression.name]
    parts = getattr(expression, "get_source_expressions", list)()
    return [name for part in parts for name in _names(part)]


def test_the_models_are_found() -> None:
    assert {"people.Person", "chats.Message", "journal.JournalEntry", "segments.Membership"} <= {
        model._meta.label for model in tenants()
    }


@pytest.mark.parametrize("model", tenants(), ids=lambda model: model._meta.label)
def test_every_table_belongs_to_a_workspace(model: type[models.Model]) -> None:
    field = model._meta.get_field("workspace")
    assert isinstance(field, ForeignKey)
    assert field.related_model._meta.label == "accounts.Workspace"
    assert not field.null


@pytest.mark.parametrize("model", tenants(), ids=lambda model: model._meta.label)
def test_every_primary_key_begins_with_the_workspace(model: type[models.Model]) -> None:
    if model._meta.label in OF_THE_TEAM:
        return
    key = model._meta.pk
    assert isinstance(key, CompositePrimaryKey)
    assert key.field_names[0] == "workspace_id"


@pytest.mark.parametrize("model", tenants(), ids=lambda model: model._meta.label)
def test_everything_unique_is_unique_within_the_workspace(model: type[models.Model]) -> None:
    without = [fields for fields in unique_sets(model) if "workspace" not in fields]
    assert [
        (model._meta.label, fields) for fields in without if (model._meta.label, fields) not in KEYS_TO_A_WORKSPACE
    ] == []


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("model", tenants(), ids=lambda model: model._meta.label)
def test_the_database_has_the_same_keys_as_the_models(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    for name, constraint in found.items():
        if constraint["unique"] and not constraint["foreign_key"] and model._meta.label not in OF_THE_TEAM:
            # The columns of an index over an expression are not told; the models' test has them.
            assert not constraint["columns"] or "workspace_id" in constraint["columns"], name


@functools.cache
def modules() -> list[tuple[str, ast.Module]]:
    """The whole program, parsed."""
    paths = [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def called(node: ast.AST) -> str:
    """The last name of what is called; empty if nothing is."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def texts(tree: ast.Module) -> Iterator[str]:
    """Every text of a module but its docstrings, f-strings with their variable parts as `{}`."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


_WRITES = re.compile(
    r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|COPY|MERGE\s+INTO)\s+(TABLE\s+)?\"?people_person\b", re.I
)
_METHODS = {
    *("create", "bulk_create", "acreate", "get_or_create", "update_or_create", "update", "bulk_update", "delete"),
    *("abulk_create", "aupdate", "adelete", "aget_or_create", "aupdate_or_create"),
    *("save", "asave", "insert", "insert_missing"),
}


def writes_people(tree: ast.Module) -> list[str]:
    """How a module writes rows of people: SQL, the bulk functions, or the ORM."""
    found = [text for text in texts(tree) if _WRITES.search(text)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or called(node) not in _METHODS:
            continue
        shown = ast.unparse(node.func)
        first = node.args[0] if node.args else None
        table = first.value if isinstance(first, ast.Constant) else None
        if table == "people_person" and shown.rpartition(".")[2] in ("insert", "insert_missing", "update"):
            found.append(shown)
        if re.match(r"Person\.objects\b", shown) and shown.rpartition(".")[2] in _METHODS:
            found.append(shown)
        if re.fullmatch(r"(Person\(.*\)|person)\.(save|delete|asave|adelete)", shown, re.S):
            found.append(shown)
    return found


def test_people_are_written_in_one_place() -> None:
    writers = {name for name, tree in modules() if writes_people(tree)}
    # The invented people are a million new rows in a workspace without any; see `coterie.demo.load`.
    assert "coterie/people/changes.py" in writers
    assert {name for name in writers if not name.startswith("coterie/demo/")} == {
        "coterie/people/changes.py",
        "coterie/people/many.py",
    }


@pytest.mark.parametrize(
    "code",
    [
        "cursor.execute('UPDATE people_person SET banned = true')",
        "cursor.execute(f'INSERT INTO people_person ({names}) VALUES ()')",
        "insert('people_person', columns, rows)",
        "bulk.update('people_person', columns, keys, rows)",
        "Person.objects.create(user_id='x')",
        "Person.objects.filter(workspace=w).update(banned=True)",
        "Person.objects.filter(workspace=w).delete()",
        "Person(user_id='x').save()",
        "person.save()",
    ],
)
def test_the_search_finds_writers(code: str) -> None:
    assert writes_people(ast.parse(code))


# The replica's tables are `people` and `memberships`; those of the system of record have their app in front.
_READS = re.compile(r"\b(FROM|JOIN|INTO|UPDATE)\s+(people|memberships)\b(?!_)", re.I)


def test_nobody_but_the_audience_asks_the_replica_in_sql() -> None:
    found = {
        (name, text)
        for name, tree in modules()
        if not name.startswith("coterie/audience/")
        for text in texts(tree)
        if _READS.search(text) and re.search(r"\bSELECT\b", text, re.I)
    }
    assert found == set()


def test_the_search_finds_sql_over_the_replica() -> None:
    code = 'reader.execute(f"SELECT count(*) FROM people p WHERE {x}")'
    assert any(_READS.search(text) for text in texts(ast.parse(code)))
    assert not any(_READS.search(text) for text in texts(ast.parse('x = "SELECT 1 FROM people_person"')))


def test_replicas_are_written_by_the_audience_only() -> None:
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if called(node) == "connect" and ast.unparse(node.func) == "duckdb.connect"
        if "read_only=True" not in [ast.unparse(keyword) for keyword in node.keywords]
    }
    # An import thinks about its own rows in a database in memory; it never opens a replica.
    assert found == {"coterie/audience/replica.py", "coterie/transfers/judging.py"}
