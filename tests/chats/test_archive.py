"""The archives: order, filters, paging, and the search for what was said."""

import datetime as dt
from random import Random

import pytest
from django.db import connection

from coterie.chats import archive, hits
from coterie.chats.archive import Wanted, everything, first_words, page, stories
from coterie.chats.filling import fill
from coterie.chats.models import Chat, Message, Sender
from coterie.chats.words import matches, sought
from coterie.people.models import Person
from tests.chats.talking import START, channel_of, chat_ids, talk

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def found(workspace, text=None, **filters):
    """Ids of all chats that are found, page by page of three."""
    wanted = Wanted(text=sought(text) if text else None, **filters)
    return [chat_id for each in everything(workspace, wanted, 3) for chat_id in chat_ids(each.found)]


def test_chats_come_newest_first(workspace):
    first, third, second = (talk(workspace, "hi", at=START + DAY * day) for day in (0, 2, 1))
    assert found(workspace) == [third.id, second.id, first.id]


def test_pages_have_every_chat_once_also_of_one_moment(workspace):
    chats = [talk(workspace, "hi", who=f"u{number}") for number in range(10)]
    assert sorted(found(workspace)) == sorted(chat.id for chat in chats)
    assert len(found(workspace)) == 10


def test_a_chat_in_which_only_the_bot_spoke_is_not_listed(workspace):
    talk(workspace, {"message": "Hello!", "sender": Sender.BOT})
    assert found(workspace) == [] == found(workspace, "hello")


def test_chats_of_a_deleted_person_are_not_listed(workspace):
    chat = talk(workspace, "hello")
    Person.objects.filter(workspace=workspace, id=chat.person_id).delete()
    assert found(workspace) == [] == found(workspace, "hello")


def test_filters_narrow_down(workspace):
    shop = channel_of(workspace, "widget", "Shop")
    one = talk(workspace, "hi", who="maya", session="abc", story="Order help")
    two = talk(workspace, "hi there", at=START + DAY, who="omar", channel=shop)
    assert found(workspace, channel_id=shop.id) == [two.id]
    assert found(workspace, session="abc") == [one.id]
    assert found(workspace, story="Order help") == [one.id]
    assert found(workspace, people=(one.person_id,)) == [one.id]
    assert found(workspace, people=()) == []
    assert found(workspace, since=START + DAY) == [two.id]
    assert found(workspace, until=START + DAY) == [one.id]
    assert found(workspace, "hi", channel_id=shop.id, since=START) == [two.id]
    assert found(workspace, "hi", story="Order help") == [one.id]
    assert found(workspace, "hi", session="abc") == [one.id]
    assert found(workspace, "hi", people=(two.person_id,)) == [two.id]
    assert found(workspace, "hi", until=START + DAY) == [one.id]


def test_what_the_bot_said_is_found_too(workspace):
    chat = talk(workspace, "hi", "Welcome to the roastery")
    assert found(workspace, "roast") == [chat.id]


def test_all_words_have_to_be_in_one_message(workspace):
    chat = talk(workspace, "my order", "is late")
    assert found(workspace, "my order") == [chat.id]
    assert found(workspace, "order late") == []


def test_words_in_quotes_are_a_phrase(workspace):
    chat = talk(workspace, "It arrived on Monday")
    assert found(workspace, '"arrived on monday"') == [chat.id]
    assert found(workspace, '"monday arrived"') == []
    assert found(workspace, '"arrived on mon"') == []


def test_the_last_word_may_go_on(workspace):
    chat = talk(workspace, "subscriptions please")
    assert found(workspace, "subscr") == [chat.id]
    assert found(workspace, "plea subscriptions") == []
    assert found(workspace, "su") == []


def test_a_last_word_with_very_many_endings_is_found_as_well(workspace, monkeypatch):
    monkeypatch.setattr("coterie.chats.hits._MOST_WORDS", 3)
    chats = [talk(workspace, f"number 777{number}", at=START + HOUR * number) for number in range(6)]
    assert found(workspace, "777") == [chat.id for chat in reversed(chats)]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("¿Dónde está?", "donde esta"),
        ("注文はまだですか", "まだ"),
        ("Где мой заказ?", "ЗАКАЗ"),
        ("thanks 👍", "👍"),
        ("the “best” coffee", '"best coffee"'),
    ],
)
def test_every_script_is_found(workspace, text, query):
    chat = talk(workspace, text)
    assert found(workspace, query) == [chat.id]


@pytest.mark.parametrize(
    "query",
    [
        *('"', "'", "it's", "a*", "*", "NEAR(order late, 2)", "order NOT late", "-order", "words:order", "^order"),
        *(
            "order AND",
            "OR",
            "(order",
            "order)",
            "{words}: order",
            "order + late",
            "\\",
            "%",
            "order & !late",
            "a <-> b",
        ),
        *("'order':*", "🎉", "x" * 10_000, "ab " * 3_300, '"' * 999, "\u202eredro", "a\tb\nc"),
    ],
)
def test_hostile_queries_are_words_and_never_an_error(workspace, query):
    talk(workspace, "my order is late")
    wanted = sought(query)
    if wanted is not None:
        hit = matches("my order is late", wanted)
        assert bool(page(workspace, Wanted(text=wanted), None, 5).found) == hit


def test_the_newest_hit_leads(workspace):
    old = talk(workspace, "an order", "yes?", {"message": "order again", "at": START + dt.timedelta(minutes=5)})
    new = talk(workspace, "order", at=START + dt.timedelta(minutes=2), who="omar")
    result = page(workspace, Wanted(text=sought("order")), None, 5).found
    assert chat_ids(result) == [old.id, new.id]
    assert result[0].hit is not None and result[0].hit.text == "order again"


def test_a_chat_with_hits_on_two_pages_is_listed_once(workspace):
    long = talk(workspace, *["order"] * 20)
    between = [
        talk(workspace, "order", at=START + dt.timedelta(seconds=15 + number), who=f"u{number}") for number in range(9)
    ]
    assert sorted(found(workspace, "order")) == sorted([long.id, *(chat.id for chat in between)])
    assert len(found(workspace, "order")) == 10


def test_another_workspace_finds_nothing_of_this_one(workspace, other_workspace):
    talk(workspace, "secret order")
    mine = talk(other_workspace, "public order")
    assert found(other_workspace, "order") == [mine.id]
    assert found(other_workspace, "secret") == []
    assert found(other_workspace, "secr") == []


def test_a_deleted_message_leaves_the_index(workspace):
    talk(workspace, "forget zanzibar")
    Message.objects.filter(workspace=workspace).delete()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT count(*) FROM chats_said WHERE chats_said MATCH %s", [f'"{workspace.pk}wzanzibar"'])
        else:
            cursor.execute(
                "SELECT count(*) FROM chats_message WHERE words @@ %s::tsquery", [f"'{workspace.pk}wzanzibar'"]
            )
        assert cursor.fetchone() == (0,)


def test_messages_from_before_the_index_get_into_it(workspace, monkeypatch):
    monkeypatch.setattr("coterie.chats.filling.STEP", 3)
    chats = [talk(workspace, f"parcel {number}", at=START + DAY * number) for number in range(7)]
    rows = Message.objects.filter(workspace=workspace)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for place in rows.values_list("place", flat=True):
                cursor.execute("DELETE FROM chats_said WHERE rowid = %s", [place])
        else:
            cursor.execute("UPDATE chats_message SET words = NULL WHERE workspace_id = %s", [workspace.pk])
    rows.update(place=None)
    assert found(workspace, "parcel") == []
    assert fill() >= 7
    assert found(workspace, "parcel") == [chat.id for chat in reversed(chats)]
    assert fill() == 0


def test_the_first_words_are_the_persons(workspace):
    chat = talk(workspace, {"message": "Welcome", "sender": Sender.BOT}, {"message": "hi", "sender": Sender.USER})
    assert first_words(workspace, [chat.id]) == {chat.id: "hi"}


@pytest.mark.parametrize(("near", "promising", "hardly"), [(5, 1, 2), (5, 9, 0), (5, 9, 500), (1_000, 5, 500)])
def test_the_index_agrees_with_reading_everything(workspace, monkeypatch, near, promising, hardly):
    monkeypatch.setattr(hits, "_NEAR", near)
    monkeypatch.setattr(hits, "_PROMISING", promising)
    monkeypatch.setattr(hits, "_ON", 3)
    monkeypatch.setattr(hits, "_HARDLY", hardly)
    monkeypatch.setattr(archive, "_BATCH", 4)
    monkeypatch.setattr(archive, "FEW", 2)
    rng = Random(5)
    pool = ["order", "orders", "late", "refund", "número", "coffee", "注文", "FH-20418"]
    channels = [channel_of(workspace, "api", name) for name in ("App", "Shop")]
    for number in range(40):
        said = [" ".join(rng.choices(pool, k=rng.randint(1, 3))) for _ in range(rng.randint(1, 4))]
        moment = START + dt.timedelta(minutes=37 * rng.randrange(2_000))
        story = rng.choice([None, "A", "B"])
        talk(workspace, *said, at=moment, who=f"u{number % 7}", channel=rng.choice(channels), story=story)
    for query in ("order", '"order late"', "orde", "numero", "注文", "refund coffee", "late ord", "none ord", "fh-204"):
        for channel in (None, channels[0]):
            for story in ("", "A"):
                since = rng.choice([None, START + DAY * 10])
                got = found(workspace, query, channel_id=channel and channel.id, story=story, since=since)
                assert got == _by_reading(workspace, query, channel, story, since), (query, channel, story)


def _by_reading(workspace, query, channel, story, since):
    wanted = sought(query)
    chats = Chat.objects.filter(workspace=workspace, by_user=True)
    chats = chats.filter(channel_id=channel.id) if channel else chats
    chats = chats.filter(story=story) if story else chats
    newest = {}
    for message in Message.objects.filter(workspace=workspace, chat_id__in=[chat.id for chat in chats]):
        if matches(message.text, wanted) and (since is None or message.at >= since):
            newest[message.chat_id] = max(newest.get(message.chat_id, 0), message.place)
    return sorted(newest, key=lambda chat_id: -newest[chat_id])


def test_stories_are_named_once_in_the_order_of_the_alphabet(workspace, other_workspace):
    for story in ("Gifts", "Order help", "Gifts", None, "Beans"):
        talk(workspace, "hi", story=story)
    talk(other_workspace, "hi", story="Theirs")
    assert stories(workspace) == ["Beans", "Gifts", "Order help"]
    assert stories(workspace, 2) == ["Beans", "Gifts"]
