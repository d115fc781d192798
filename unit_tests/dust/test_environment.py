"""Proxies and certificates that the environment names; those that cannot work are named by their variable."""

from __future__ import annotations

import os
import shutil
import ssl
from pathlib import Path

import certifi
import pytest

from destination_dust.dust.environment import Proxy, find_proxy, trust
from destination_dust.dust.errors import Misconfigured

ROOT = "https://dust.example/api"
BUNDLE = Path(certifi.where())
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the machine that runs the tests is not part of them."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in CERTIFICATES:
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"http_proxy": "http://a:1"}, None),
        ({"https_proxy": "http://a:1"}, Proxy("http://a:1", "https_proxy")),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2"}, Proxy("http://b:2", "https_proxy")),
        ({"HTTPS_PROXY": "http://a:1", "ALL_PROXY": "http://b:2"}, Proxy("http://a:1", "HTTPS_PROXY")),
        ({"ALL_PROXY": "b:2"}, Proxy("http://b:2", "ALL_PROXY")),
        ({"HTTPS_PROXY": "https://me:p%40ss@b"}, Proxy("https://me:p%40ss@b", "HTTPS_PROXY")),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": ".example, other"}, None),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "example.com"}, Proxy("http://a:1", "HTTPS_PROXY")),
    ],
)
def test_a_proxy_is_found_as_other_programs_find_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: Proxy | None
) -> None:
    """Upper and lower case, a variable for all schemes, hosts that need none."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert expected == find_proxy(ROOT)


@pytest.mark.parametrize("root", ["http://127.0.0.1:1/api", "https://localhost/api", "https://[::1]:3/api"])
def test_there_is_no_proxy_between_us_and_this_machine(monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    """Without encryption it would read the key. Even a wrong one does no harm then."""
    monkeypatch.setenv("ALL_PROXY", "socks5://a:1")

    assert find_proxy(root) is None


@pytest.mark.parametrize(
    "value",
    [
        "socks5://me:hidden@a:1",
        "socks5h://a:1",
        "http://",
        "http://a:port",
        "http://me:hid#den@a:1",
        "a b",
        "ftp://a",
        ":1",
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Its value may hold a password."""
    monkeypatch.setenv("HTTPS_PROXY", value)

    with pytest.raises(Misconfigured, match=r"^HTTPS_PROXY does not name a proxy") as caught:
        find_proxy(ROOT)

    assert "hid" not in str(caught.value)


def test_the_password_of_a_proxy_is_not_shown() -> None:
    """Not even in a traceback."""
    assert "hidden" not in repr(Proxy("http://me:hidden@a:1", "https_proxy"))


def test_whoever_is_trusted_must_prove_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates and host names are checked, whatever the variables say."""
    for bundle in (None, str(BUNDLE)):
        if bundle:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        context = trust()

        assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
        assert len(context.get_ca_certs()) > 50


@pytest.mark.parametrize("variable", CERTIFICATES)
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "cannot be read (No such file or directory)"),
        (lambda path: path.write_text("nothing"), "holds no certificates in PEM format"),
        (lambda path: path.write_text(""), "holds no certificates in PEM format"),
        (lambda path: path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "holds no"),
        (lambda path: path.mkdir(), "no certificate has the name that OpenSSL looks for"),
    ],
    ids=["missing", "text", "empty", "damaged", "folder"],
)
def test_certificates_that_cannot_be_used_are_named_by_their_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, make: object, words: str
) -> None:
    """Python itself ignores them for SSL_CERT_FILE and SSL_CERT_DIR, and then trusts no one."""
    path = tmp_path / "certificates"
    assert callable(make)
    make(path)
    monkeypatch.setenv(variable, str(path))

    with pytest.raises(Misconfigured) as caught:
        trust()

    assert str(caught.value).startswith(f"{variable} names")
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_one_of_the_places_of_pythons_ssl_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Many images set both, and have only one of them."""
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path}{os.pathsep}{tmp_path / 'missing'}")
    monkeypatch.setenv("SSL_CERT_FILE", str(BUNDLE))

    assert len(trust().get_ca_certs()) > 50


def test_a_bundle_for_requests_comes_before_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """REQUESTS_CA_BUNDLE, then CURL_CA_BUNDLE, then those of Python's ssl, as elsewhere."""
    one = tmp_path / "one.pem"
    first, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----\n"
    content = BUNDLE.read_text()
    one.write_text(content[content.index(first) : content.index(end) + len(end)])
    shutil.copy(BUNDLE, tmp_path / "all.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(one))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "missing"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "all.pem"))

    assert 1 == len(trust().get_ca_certs())
