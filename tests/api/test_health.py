"""What a watcher sees, without a login and without anything about people."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from coterie.accounts.models import Workspace
from coterie.api import health


def test_healthz_is_ok_without_touching_anything():
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.usefixtures("database")
def test_readyz_is_ok_when_database_and_replica_folder_work():
    assert Client().get("/readyz").json() == {"status": "ok"}


@pytest.mark.usefixtures("database")
def test_readyz_names_a_database_that_does_not_answer_but_not_where_it_is(monkeypatch):
    def broken():
        raise OperationalError("connection to db.internal as coterie failed")

    monkeypatch.setattr(Workspace.objects, "exists", broken)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "OperationalError" in answer.json()["problems"][0]
    assert "internal" not in answer.content.decode()


@pytest.mark.usefixtures("database")
def test_readyz_names_a_replica_folder_that_cannot_be_used(monkeypatch, tmp_path):
    (tmp_path / "replica").write_text("in the way")
    monkeypatch.setattr(settings, "DATA", tmp_path)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "replica folder" in answer.json()["problems"][0]


@pytest.mark.usefixtures("database")
def test_metrics_are_prometheus_text_and_true():
    answer = Client().get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    values = dict(line.rsplit(" ", 1) for line in answer.content.decode().splitlines() if not line.startswith("#"))
    assert values["coterie_ready"] == "1"
    assert float(values["process_cpu_seconds_total"]) > 0
    if Path("/proc/self/statm").exists():
        assert float(values["process_resident_memory_bytes"]) > 1_000_000


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_is_only_read(path):
    assert Client().post(path).status_code == 405


@pytest.mark.usefixtures("database")
def test_metrics_tell_when_the_server_is_not_ready(monkeypatch):
    monkeypatch.setattr(health, "_replica_folder", lambda: "full")
    assert "coterie_ready 0" in Client().get("/metrics").content.decode()
