"""Links: one that Dust would refuse is left out, or Dust would refuse the whole document."""

import pytest

from destination_dust.mapping.documents.source_urls import source_url


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "HTTP://EXAMPLE.com:8080/a/b?x=//y#//z",
        "https://user:password@example.com/",
        "https://a_b.example.com./a b/é",
        "http://1.2.3.4/",
        "http://[::1]:80/a",
        "https://bücher.example/ß",
        "https://xn--e1afmkfd.com/",
        "https://日本.jp",
        "https://example.com/%2F%2Fa",
        "https://example.com:/",
        "https://example.com:00080/",
    ],
)
def test_links_that_dust_takes_are_kept(url: str) -> None:
    """As they are: Dust stores its own form of them."""
    assert url == source_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "example.com/x",
        "ftp://example.com/",
        "javascript:alert(1)",
        "mailto:a@example.com",
        "https://example.com//a",
        "https://example.com/a\\/b",
        "https://example.com/a\\\\b",
        "https://h//x",
        "https://",
        "https:///a",
        "https://h:99999/",
        "https://h:x/",
        "https://h:" + "9" * 5000 + "/",
        "https://" + "é" * 100_000 + "/",
        "https://" + ".xn--a" * 100_000 + "/",
        "https://256.1.1.1/",
        "https://1.2.3.4.5/",
        "https://example.123/",
        "https://[::g]/",
        "https://a b/",
        "https://a..b/",
        "https://xn--.com/",
        "https://a<b/",
        "https://" + "x" * 70 + ".com/",
        "https://example.com/a\nb",
        "https://example.com/\0",
        "https://example.com/\ud800",
        "",
    ],
    ids=lambda url: repr(url)[:30],
)
def test_links_that_dust_may_refuse_are_dropped(url: str) -> None:
    """Among them every one with `//` in its path, which Dust's server checks for itself."""
    assert source_url(url) is None


def test_blanks_around_a_link_go() -> None:
    """Sources pad."""
    assert "https://example.com/a" == source_url(" https://example.com/a\n")
