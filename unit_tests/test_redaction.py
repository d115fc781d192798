"""Secrets are hidden in texts that leave the process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from destination_dust import redaction
from destination_dust.redaction import add_secret, redact


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of one test are not those of the next."""
    monkeypatch.setattr(redaction, "_secrets", ())


def test_every_occurrence_of_a_secret_is_hidden() -> None:
    """Whatever characters it has; the rest of the text stays."""
    add_secret("sk-0.*+?[abc")

    assert "Bearer ****, ****!" == redact("Bearer sk-0.*+?[abc, sk-0.*+?[abc!")
    assert "sk-0a" == redact("sk-0a")


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("longer", ["sk-abcdef", "abcdef-sk", "sk-abcdef-sk"])
def test_a_secret_that_contains_another_is_hidden_whole(longer: str, order: int) -> None:
    """Whichever came first: what is left of the longer one would be a part of a key."""
    for secret in ["abcdef", longer][::order]:
        add_secret(secret)

    assert "the keys **** and ****" == redact(f"the keys {longer} and abcdef")


def test_an_empty_secret_is_ignored() -> None:
    """It is in every text, between all characters."""
    add_secret("")

    assert "hello" == redact("hello")


def test_a_secret_that_comes_again_is_kept_once() -> None:
    """A host may write a thousand times with one key."""
    for _ in range(3):
        add_secret("sk-abc")

    assert ("sk-abc",) == redaction._secrets


@pytest.fixture
def _threads_by_turns() -> Iterator[None]:
    """Let threads interrupt each other as often as Python can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_threads_by_turns")
def test_threads_may_add_secrets_at_once() -> None:
    """None is lost, and no text is spoilt meanwhile."""

    def add(start: int) -> None:
        for number in range(start, 400, 8):
            add_secret(f"<{number}>")

    threads = [threading.Thread(target=add, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert "a key" == redact("a key")
    for thread in threads:
        thread.join()

    assert "****" * 400 == redact("".join(f"<{n}>" for n in range(400)))
