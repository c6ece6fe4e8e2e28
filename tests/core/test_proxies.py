"""Whose request it is behind proxies, and that nobody else is believed."""

import pytest

from coterie.core.proxies import address, networks, seen_through

TRUSTED = networks("10.0.0.0/8, 2001:db8::/32")


def scope(peer, *forwarded, proto=None):
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    headers += [(b"x-forwarded-proto", proto.encode())] if proto else []
    return {"client": (peer, 5000) if peer else None, "headers": headers, "scheme": "http"}


def client(*parts, **more):
    return seen_through(scope(*parts, **more), TRUSTED)["client"]


def test_a_trusted_proxy_tells_who_it_is():
    assert client("10.0.0.1", "203.0.113.9") == ("203.0.113.9", 0)
    assert client("2001:db8::1", "2001:470::7") == ("2001:470::7", 0)


def test_nobody_else_is_believed():
    assert client("203.0.113.5", "198.51.100.1") == ("203.0.113.5", 5000)
    assert seen_through(scope("10.0.0.1", "203.0.113.9"), [])["client"] == ("10.0.0.1", 5000)


def test_what_a_client_wrote_itself_in_front_is_not_believed():
    assert client("10.0.0.1", "1.1.1.1, 203.0.113.9") == ("203.0.113.9", 0)
    assert client("10.0.0.1", "1.1.1.1", "203.0.113.9, 10.0.0.2") == ("203.0.113.9", 0)


@pytest.mark.parametrize("nonsense", ["unknown", "", "203.0.113.999", "<script>", "_hidden"])
def test_where_the_list_makes_no_sense_the_last_proxy_is_the_one(nonsense):
    assert client("10.0.0.1", f"1.1.1.1, {nonsense}, 10.0.0.2") == ("10.0.0.2", 0)


def test_everybody_may_be_a_proxy():
    assert client("10.0.0.1", "10.0.0.3, 10.0.0.2") == ("10.0.0.3", 0)


def test_a_mapped_peer_is_the_same_proxy():
    assert client("::ffff:10.0.0.1", "203.0.113.9") == ("203.0.113.9", 0)


def test_the_proxy_s_word_about_https_counts_only_if_it_is_trusted():
    assert seen_through(scope("10.0.0.1", "203.0.113.9", proto="https"), TRUSTED)["scheme"] == "https"
    assert seen_through(scope("203.0.113.5", proto="https"), TRUSTED)["scheme"] == "http"


def test_a_connection_without_an_address_stays_one():
    assert client(None, "203.0.113.9") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ('"[2001:db8::1]:80"', "2001:db8::1"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        (" ::ffff:1.2.3.4 ", "1.2.3.4"),
    ],
)
def test_an_address_is_found_in_whatever_form_it_comes(text, found):
    assert str(address(text)) == found
