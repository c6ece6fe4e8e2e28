"""What the built-in bot takes for an answer, and how it asks."""

import pytest

from coterie.channels.models import Channel
from coterie.channels.widget.config import Config
from coterie.channels.widget.prompts import Kind, Question
from coterie.channels.widget.words import Words
from coterie.people.attributes import Refused
from coterie.people.models import Person
from tests.channels.widget.conftest import Browser


def question(kind, attribute="answer"):
    return Question(attribute, Words({"en": "?"}), Kind(kind))


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", "  Maya  ", "Maya"),
        ("email", "maya@x.example", "maya@x.example"),
        ("email", "mailto:Maya.Ortiz+shop@mail.x.example.", "Maya.Ortiz+shop@mail.x.example"),
        ("phone", "+44 20 7946 0018", "+442079460018"),
        ("phone", "0049 (0)30 / 90 18-20", "+4930901820"),
        ("phone", "020 7946 0018", "02079460018"),
        ("number", "42", 42),
        ("number", "1 250", 1250),
        ("number", "-2,5", -2.5),
        ("number", "2.50", 2.5),
        ("date", "1990-12-31", "1990-12-31"),
        ("date", "31.12.1990", "1990-12-31"),
        ("date", "1/2/1990", "1990-02-01"),
        ("url", "shop.example/cart?x=1", "https://shop.example/cart?x=1"),
        ("url", "http://shop.example", "http://shop.example"),
    ],
)
def test_an_answer_is_stored_in_one_form(kind, typed, stored):
    assert question(kind).answer(typed) == stored


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("email", "no thanks"),
        ("email", "a@b"),
        ("email", "a@b.example, c@d.example"),
        ("email", "<a@b.example>"),
        ("email", "x" * 300 + "@b.example"),
        ("phone", "call me"),
        ("phone", "12345"),
        ("phone", "1" * 16),
        ("number", "many"),
        ("number", "1.250,00"),
        ("number", "NaN"),
        ("number", "9" * 18),
        ("number", "١٢"),
        ("date", "tomorrow"),
        ("date", "2023-02-29"),
        ("date", "12/31/1990"),
        ("url", "javascript:alert(1)"),
        ("url", "https://user:secret@shop.example"),
        ("url", "nowhere"),
    ],
)
def test_what_is_no_answer_is_not_stored(kind, typed):
    assert question(kind).answer(typed) is None


def test_a_number_under_a_built_in_name_is_a_text():
    assert question("number", "default_username").answer("42") == "42"


CHOICES = [
    {"value": "beans", "text": {"en": "Coffee beans", "de": "Bohnen"}},
    {"value": "gear", "text": {"en": "Equipment", "de": "Zubehör"}},
    "other",
]
ASKING = {
    "attribute": "interest",
    "type": "choice",
    "text": {"en": "What are you after?", "de": "Was suchen Sie?"},
    "choices": CHOICES,
}


@pytest.fixture
def choosing(client, workspace):
    channel = Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings={"questions": [ASKING]})
    return Browser(client, channel)


def test_a_choice_is_offered_as_quick_replies_in_the_visitor_s_language(choosing):
    asked = choosing.post(text="Hallo", lang="de-AT").json()["messages"][0]
    assert asked["text"] == "Was suchen Sie?"
    assert [button["title"] for button in asked["buttons"]] == ["Bohnen", "Zubehör", "other"]


@pytest.mark.parametrize("typed", ["beans", "Bohnen", "coffee BEANS"])
def test_a_choice_is_stored_as_its_value_however_it_was_given(workspace, choosing, typed):
    choosing.say("hi")
    choosing.say(typed)
    assert Person.objects.get(workspace=workspace).attributes["interest"] == "beans"


def test_what_is_no_choice_is_asked_again_with_the_choices(choosing):
    choosing.say("hi")
    again = choosing.post(text="tea", id="x").json()["messages"][0]
    assert again["text"] == "Please choose one of the answers."
    assert len(again["buttons"]) == 3


def test_answers_are_asked_for_again_in_the_visitor_s_language(visitor):
    visitor.say("hi", lang="fr")
    visitor.say("Maya", lang="fr")
    assert visitor.say("non", lang="fr") == ["Cela ne ressemble pas à une adresse e-mail. Veuillez réessayer."]


def test_a_question_is_asked_in_another_language_rather_than_not_at_all(visitor):
    assert visitor.say("cześć", lang="pl") == ["What is your name?"]


def test_questions_are_asked_in_the_order_they_were_put_in(workspace, client):
    names = ["zeta", "default_name", "alpha"]
    settings = {"questions": [{"attribute": name, "text": f"{name}?"} for name in names]}
    channel = Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings=settings)
    browser = Browser(client, channel)
    assert [browser.say(text)[0] for text in ("hi", "1", "2")] == ["zeta?", "default_name?", "alpha?"]


@pytest.mark.parametrize(
    ("questions", "field"),
    [
        ("x", "questions"),
        ([{"attribute": "a", "text": "?"}] * 21, "questions"),
        ([{"attribute": "a", "text": "?"}] * 2, "questions.a"),
        ([{"attribute": "default_nonsense", "text": "?"}], "questions.default_nonsense"),
        ([{"attribute": "", "text": "?"}], "questions"),
        ([{"attribute": "a"}], "questions.a.text"),
        ([{"attribute": "a", "text": {"xx": "?"}}], "questions.a.text"),
        ([{"attribute": "a", "text": "?" * 501}], "questions.a.text.en"),
        ([{"attribute": "a", "text": "?", "type": "colour"}], "questions.a.type"),
        ([{"attribute": "a", "text": "?", "type": []}], "questions.a.type"),
        ([{"attribute": "a", "text": "?", "type": "choice"}], "questions.a.choices"),
        ([{"attribute": "a", "text": "?", "choices": ["b"]}], "questions.a.choices"),
        ([{"attribute": "a", "text": "?", "type": "choice", "choices": ["b", "b"]}], "questions.a.choices"),
        ([{"attribute": "a", "text": "?", "type": "choice", "choices": [5]}], "questions.a.choices"),
        ([{"attribute": "a", "text": "?", "html": "<b>"}], "questions"),
    ],
)
def test_a_mistake_in_the_questions_is_named_with_its_place(questions, field):
    with pytest.raises(Refused) as refused:
        Config.of({"questions": questions})
    assert refused.value.field == field
