"""A number that takes too long to count comes after the page: never nought, never a guess."""

import itertools
import re

import pytest

from coterie.audience import query
from coterie.web import users
from tests.web.pages import link, listed, text_of


@pytest.fixture
def impatient(crowd, monkeypatch):
    """People whom nobody has the time to count: that looks at every three of them."""
    crowd(2_100, default_name="Ada {n}", default_city="Oslo")
    monkeypatch.setattr(users, "PATIENCE", 0.05)

    def slowly(reader, *_):
        reader.execute("SELECT count(*) FROM people p, people a, people b WHERE a.id + b.id > p.id").fetchall()

    monkeypatch.setattr(query, "_counted", slowly)


@pytest.mark.one_database
@pytest.mark.parametrize("view", ["f=default_city:is:Oslo", "search=ada"])
def test_the_page_comes_first_and_the_number_when_it_is_asked_for(browse, impatient, view):
    response = browse.get(f"/users?{view}")
    assert response.status_code == 200
    assert len(listed(response)) == 50
    text = text_of(response)
    assert "counting … How many? of 2,100 people" in text
    assert "Showing 1–50" in text
    assert "of 0" not in text
    assert '<input type="hidden" name="seen" value="">' in response.content.decode()
    late = browse.get(re.search(r'data-url="([^"]*)"', response.content.decode())[1].replace("&amp;", "&"))
    assert 'data-total="2100"' in late.content.decode()
    assert "2,100 of 2,100 people" in text_of(late)


@pytest.mark.one_database
def test_the_pages_go_on_without_a_number(browse, impatient):
    first = browse.get("/users?search=ada")
    second = browse.get(link(first, 'id="next-page"'))
    assert "Showing 51–100" in text_of(second)
    assert "counting …" in text_of(second)
    assert listed(browse.get(link(second, 'id="previous-page"'))) == listed(first)


@pytest.mark.one_database
def test_the_next_page_does_not_wait_for_the_number_again(browse, impatient, monkeypatch):
    first = browse.get("/users?search=ada")
    monkeypatch.delattr(query, "_counted")
    assert "counting …" in text_of(browse.get(link(first, 'id="next-page"')))


@pytest.mark.one_database
def test_a_page_that_takes_as_long_alone_is_tried_with_its_number_again(browse, impatient, monkeypatch):
    clock = itertools.count(0, 0.03)
    monkeypatch.setattr(users, "monotonic", lambda: next(clock))
    first = browse.get("/users?search=ada")
    monkeypatch.setattr(query, "_counted", lambda *_: (2_100, []))
    assert "2,100 of 2,100 people" in text_of(browse.get(link(first, 'id="next-page"')))


@pytest.mark.one_database
def test_a_view_that_is_not_understood_is_not_counted(browse, crowd):
    crowd(1)
    response = browse.get("/users/count?view=f%3Dgone:is:1")
    assert response.status_code == 422
    assert "This view is not understood" in text_of(response)
    assert "data-total" not in response.content.decode()
