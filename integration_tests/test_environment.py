"""The network between the connector and Dust, as the environment describes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.messages import catalog, record, state
from local_dust import LocalDust
from unit_tests.dust.loopback import loopback
from unit_tests.dust.test_transport import recording

ELSEWHERE = {"base_url": "https://dust.example"}
MESSAGES = [record("users", id="secret-4711"), state("users", 1)]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the machine that runs the tests is not part of them."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name)


def test_a_proxy_never_sees_the_key_on_its_way_to_this_machine(
    dust: LocalDust, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That way is not encrypted."""
    seen: list[bytes] = []
    with loopback(recording(seen)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        write(tmp_path, dust.config(), catalog("users"), MESSAGES)

    assert [] == seen
    assert 1 == len(dust.world.documents())


def test_no_library_logs_the_ids_of_records(dust: LocalDust, tmp_path: Path) -> None:
    """They are in the URLs that some libraries log for debugging."""
    connector = write(tmp_path, dust.config(), catalog("users"), MESSAGES)

    assert any("4711" in arrival.path for arrival in dust.world.arrivals)
    assert [] == [log for log in connector.logs() if "4711" in log]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("REQUESTS_CA_BUNDLE", "/nonexistent", "REQUESTS_CA_BUNDLE names /nonexistent"),
        ("CURL_CA_BUNDLE", __file__, "CURL_CA_BUNDLE names"),
        ("HTTPS_PROXY", "socks5://me:hidden@proxy:1080", "HTTPS_PROXY does not name a proxy"),
        ("https_proxy", "http://me:hid#den@proxy:1080", "https_proxy does not name a proxy"),
    ],
)
@pytest.mark.parametrize("command", ["check", "write"])
def test_what_cannot_work_is_named_at_once(
    dust: LocalDust,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    variable: str,
    value: str,
    words: str,
) -> None:
    """By its variable. It is a mistake in the settings, which no retry corrects."""
    monkeypatch.setenv(variable, value)
    files: dict[str, Any] = {"config": dust.config(**ELSEWHERE)}
    if command == "write":
        files["catalog"] = catalog("users")
    connector = Connector(command, tmp_path, **files)

    assert (1 if command == "write" else 0) == connector.finish()

    if command == "write":
        assert "config_error" == connector.failure()["failure_type"]
        message = connector.failure()["message"]
    else:
        (status,) = connector.messages("CONNECTION_STATUS")
        message = status["connectionStatus"]["message"]
    assert message.startswith(words)
    assert "hid" not in connector.text()


def test_a_host_that_cannot_exist_is_a_mistake_in_the_settings(dust: LocalDust, tmp_path: Path) -> None:
    """A resolver could only say so again and again."""
    config = dust.config(base_url=f"https://{'a' * 64}.tt")
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))

    assert 1 == connector.finish()
    assert "config_error" == connector.failure()["failure_type"]
    assert "names a host that cannot exist" in connector.failure()["message"]
