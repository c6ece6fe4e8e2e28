"""Secrets that have to be read again are encrypted, and only our own key opens them."""

import pytest

from coterie.core.sealing import Unreadable, seal, unseal


@pytest.mark.parametrize("secret", ["", "xoxb-1-abc", "ключ 🔑", "x" * 2_000])
def test_a_secret_comes_back_as_it_was(secret):
    assert unseal(seal(secret)) == secret


def test_it_cannot_be_read_where_it_is_stored_nor_compared():
    assert "xoxb-1-abc" not in seal("xoxb-1-abc")
    assert seal("xoxb-1-abc") != seal("xoxb-1-abc")


def test_another_secret_key_opens_nothing(settings):
    sealed = seal("xoxb-1-abc")
    settings.SECRET_KEY = "another"
    with pytest.raises(Unreadable, match="enter it again"):
        unseal(sealed)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-1], lambda text: text[:-5] + "AAAA=", lambda text: "", str.lower]
)
def test_damage_is_noticed(damage):
    with pytest.raises(Unreadable):
        unseal(damage(seal("xoxb-1-abc")))
