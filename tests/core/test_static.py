"""Static files: whole, typed, and not sent again when the browser has them."""

import pytest

# The end of every request looks at the connection to the database.
pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.one_database]


@pytest.mark.parametrize(
    ("address", "kind"),
    [("/static/web/app.css", "text/css"), ("/static/django_htmx/htmx-4.min.js", "text/javascript")],
)
def test_a_static_file_is_sent_as_a_whole(client, address, kind):
    answer = client.get(address)
    assert answer.status_code == 200
    assert not answer.streaming
    assert answer["Content-Type"].startswith(kind)
    assert len(answer.content) == int(answer["Content-Length"]) > 1_000


def test_a_file_that_the_browser_has_is_not_sent_again(client):
    first = client.get("/static/web/app.css")
    again = client.get("/static/web/app.css", headers={"If-Modified-Since": first["Last-Modified"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_stylesheet_closes_what_it_opens(client):
    """A browser says nothing of a rule that swallows the rest of the file."""
    depth = 0
    for number, line in enumerate(client.get("/static/web/app.css").content.decode().splitlines(), 1):
        assert depth == 0 or not line.startswith((".", "@")), f"line {number} is inside of another rule"
        depth += line.count("{") - line.count("}")
    assert depth == 0
