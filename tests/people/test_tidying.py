"""Languages and countries from before, brought to their one name."""

from coterie.audience.audience import audience_of
from coterie.audience.tree import Condition
from coterie.people import tidying
from coterie.people.models import Person
from coterie.people.tidying import tidy
from tests.makers import make_person


def test_everybody_gets_the_one_name_and_the_filters_find_them(workspace, other_workspace, monkeypatch):
    monkeypatch.setattr(tidying, "BATCH", 2)
    for language in ("en-GB", "en_US", "English", "EN", "Klingonish"):
        make_person(workspace, default_language=language)
    make_person(workspace, default_country="USA")
    make_person(workspace)
    theirs = make_person(other_workspace, default_language="en-GB")
    audience = audience_of(workspace)
    assert audience.count(Condition("default_language", "is", ("English",))) == 1
    assert sum(tidy(workspace.pk, "test")) == 4
    assert audience.count(Condition("default_language", "is", ("English",))) == 4
    assert audience.count(Condition("default_language", "is", ("en-GB",))) == 4
    assert audience.count(Condition("default_country", "is", ("United States",))) == 1
    assert sum(tidy(workspace.pk, "test")) == 0
    assert Person.objects.get(pk=theirs.pk).attributes["default_language"] == "en-GB"
