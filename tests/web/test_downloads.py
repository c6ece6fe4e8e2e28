"""What a browser sees of a download that fails halfway."""

import gc
import http.client
import threading
import warnings
from collections.abc import Iterator

import pytest
import uvicorn
from django.db import connections
from django.urls import path

from coterie.accounts.models import Workspace
from coterie.core.handlers import PageHandler
from coterie.web.downloads import download
from tests.conftest import free_port

PIECE = b"x" * 100_000


def whole(request):
    return download(request, iter([PIECE] * 5), "people.csv", "text/csv")


def failing(request):
    def pieces() -> Iterator[bytes]:
        yield from [PIECE] * 5
        raise OSError("the disk is gone")

    return download(request, pieces(), "people.csv", "text/csv")


left = threading.Event()


def endless(request):
    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield PIECE
        finally:
            # As a download that is noted in the database: refused where a loop runs.
            Workspace.objects.first()
            connections.close_all()
            left.set()

    return download(request, pieces(), "people.csv", "text/csv")


urlpatterns = [path("whole", whole), path("failing", failing), path("endless", endless)]


@pytest.fixture
def port(settings) -> Iterator[int]:
    """A server of these two addresses."""
    settings.ROOT_URLCONF = __name__
    number = free_port()
    server = uvicorn.Server(uvicorn.Config(PageHandler(), port=number, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield number
    server.should_exit = True
    thread.join()
    with warnings.catch_warnings():
        # Django leaves the (empty) body of a request open whose answer broke off.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def fetched(port: int, address: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", address)
    answer = connection.getresponse()
    try:
        return answer.read()
    finally:
        connection.close()


def test_a_download_comes_whole(port):
    assert fetched(port, "/whole") == PIECE * 5


def test_one_that_fails_halfway_never_looks_whole(port):
    with pytest.raises(http.client.IncompleteRead):
        fetched(port, "/failing")


@pytest.mark.usefixtures("database")
def test_one_whose_reader_leaves_ends_where_the_database_can_be_asked(port, monkeypatch):
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")
    left.clear()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/endless")
    connection.getresponse().read(3 * len(PIECE))
    connection.sock.close()
    connection.close()
    assert left.wait(20)
