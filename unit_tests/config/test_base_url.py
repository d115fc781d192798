"""The address of Dust's server; one that could leak the key is refused."""

from __future__ import annotations

import pytest

from destination_dust.config.base_url import base_url
from destination_dust.config.fields import InvalidConfig


def refusal(value: object) -> str:
    """The message that refuses an address."""
    with pytest.raises(InvalidConfig) as caught:
        base_url(value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://dust.tt", "https://dust.tt"),
        ("https://eu.dust.tt/", "https://eu.dust.tt"),
        (" HTTPS://Dust.tt/ ", "https://dust.tt"),
        ("https://dust.example.com:8443", "https://dust.example.com:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://10.0.0.5", "https://10.0.0.5"),
    ],
)
def test_a_base_url_is_a_scheme_and_a_host(value: str, expected: str) -> None:
    """Without encryption only on this very machine."""
    assert expected == base_url(value)


@pytest.mark.parametrize(
    "value",
    ["http://dust.tt", "http://10.0.0.5", "http://localhost.example.com", "http://127.0.0.1.nip.io", "http://0.0.0.0"],
)
def test_a_key_never_travels_unencrypted(value: str) -> None:
    """Nor does the data."""
    assert "https://" in refusal(value)
    assert "unencrypted" in refusal(value)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.0.1:8443",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "2852039166",
        "0xa9fea9fe",
        "169.16689662",
        "0251.0376.0251.0376",
    ],
)
def test_link_local_addresses_are_refused(host: str) -> None:
    """There clouds keep the credentials of their machines, in whatever spelling the resolver takes."""
    assert "link-local" in refusal(f"https://{host}")


@pytest.mark.parametrize(
    "value", ["https://me@dust.tt", "https://me:secret@dust.tt", "https://:secret@dust.tt", "https://@x"]
)
def test_credentials_in_the_base_url_are_refused(value: str) -> None:
    """They would be sent, and logged, beside the key."""
    message = refusal(value)

    assert "user name" in message
    assert "secret" not in message


@pytest.mark.parametrize("value", ["https://app.dust.tt", "https://APP.dust.tt/w/0ec9852c2f"])
def test_the_address_in_the_browser_is_told_from_that_of_the_api(value: str) -> None:
    """It is what people copy, and nothing answers there like Dust's API."""
    assert "Use https://dust.tt, or https://eu.dust.tt" in refusal(value)


@pytest.mark.parametrize("value", ["https://dust.tt/w/0ec9852c2f", "https://dust.tt/?a=b", "https://dust.tt#a"])
def test_a_base_url_ends_after_the_host(value: str) -> None:
    """An address that was copied from the browser does not; the message says what to leave."""
    assert refusal(value).endswith(": https://dust.tt")


@pytest.mark.parametrize(
    "value",
    [
        "dust.tt",
        "ftp://dust.tt",
        "https://",
        "https:///x",
        "https://a b",
        "https://dust..tt",
        "https://1.2.3.256",
        "https://-dust.tt",
        "https://" + "a" * 64 + ".tt",
        "https://d.tt:99999",
        "https://[x",
        7,
    ],
)
def test_anything_else_is_refused_with_an_example(value: object) -> None:
    """With one that works as the example."""
    message = refusal(value)

    assert "base_url" in message
    assert "https://dust.tt" in message
