"""Documents that are too large, stored in parts: one record in all counts, nothing sent twice, nothing left over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import documents
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.tables import GONE
from local_dust import LocalDust

MIB = 1024 * 1024
USERS = catalog("users")


def text(*paragraphs: int, size: int = 200_000) -> str:
    """Paragraphs, each of its own words."""
    return "\n\n".join((f"paragraph {number} ".ljust(16) * (size // 16)).strip() for number in paragraphs)


LARGE = text(*range(13))
"""Two and a half of what Dust takes."""


@pytest.fixture
def dust(dust: LocalDust) -> LocalDust:
    """A plan with documents of one megabyte at most."""
    dust.world.limits.text_mb = 1
    return dust


@pytest.fixture
def sync(dust: LocalDust, tmp_path: Path) -> Callable[..., Connector]:
    """A sync of its own process, of messages for the stream of users, which says what became of all records."""

    def synced(*messages: dict[str, Any], streams: dict[str, Any] = USERS, **chosen: Any) -> Connector:
        settings = {"on_record_error": "split", "text_format": "markdown", **chosen}
        records = [each for each in messages if each["type"] == "RECORD"]
        connector = write(
            tmp_path,
            dust.config(**settings),
            streams,
            [*messages[: len(records)], state("users", 1), *messages[len(records) :]],
        )
        assert [float(len(records))] == [each["destinationStats"]["recordCount"] for each in connector.states()]
        return connector

    return synced


def stored(dust: LocalDust) -> dict[str, str]:
    """The texts in Dust, by id."""
    return {each: found.text for each, found in documents(dust.world).items()}


def upserts(dust: LocalDust, since: int = 0) -> list[str]:
    """The documents that Dust has taken, in order."""
    taken = [each for each in dust.world.arrivals[since:] if each.is_upsert and each.status == 200]
    return [str(each.document_id) for each in taken]


def user(number: int, body: str, **more: Any) -> dict[str, Any]:
    return record("users", id=number, name=f"User {number}", body=body, **more)


def test_a_large_record_is_stored_in_parts(dust: LocalDust, sync: Callable[..., Connector]) -> None:
    """Cut between paragraphs, each with the title as its prefix. The report counts one record."""
    connector = sync(user(1, "small"), user(2, LARGE))

    texts = stored(dust)
    assert ["users-1", "users-2", "users-2--part-2", "users-2--part-3"] == sorted(texts)
    parts = [texts[each] for each in sorted(texts)[1:]]
    assert all(part.startswith("# User 2\n\n") for part in parts)
    assert all(f"paragraph {number} " in "".join(parts) for number in range(13))
    assert all(len(part) <= MIB for part in parts)
    assert LARGE in "".join(part.removeprefix("# User 2\n\n") for part in parts)
    assert "Stream users: 2 records read, 2 upserted, 0 deleted, 0 rejected, 1 stored in parts." in connector.logs()
    assert "User 2 (part 3)" == dust.world.documents()["users-2--part-3"].title


def test_nothing_is_sent_again_while_nothing_changes(dust: LocalDust, sync: Callable[..., Connector]) -> None:
    """Also by a process that has not met the limit yet."""
    sync(user(2, LARGE))
    before = len(dust.world.arrivals)

    connector = sync(user(2, LARGE))

    assert not any(each.is_upsert for each in dust.world.arrivals[before:])
    assert any("1 unchanged" in each for each in connector.logs())


def test_only_parts_that_changed_are_sent_again(dust: LocalDust, sync: Callable[..., Connector]) -> None:
    """And the first one, twice: before the others change, it must not look like that of a whole record."""
    sync(user(2, LARGE))
    before = len(dust.world.arrivals)

    sync(user(2, f"{LARGE}\n\nand more"))

    assert ["users-2", "users-2--part-3", "users-2"] == upserts(dust, before)
    assert "and more" in stored(dust)["users-2--part-3"]


def test_with_skip_unchanged_off_all_parts_are_sent(dust: LocalDust, sync: Callable[..., Connector]) -> None:
    """It restores what was edited in Dust."""
    sync(user(2, LARGE))
    before = len(dust.world.arrivals)

    sync(user(2, LARGE), skip_unchanged=False)

    assert {"users-2", "users-2--part-2", "users-2--part-3"} == set(upserts(dust, before))


@pytest.mark.parametrize(("body", "left"), [("small", []), (text(*range(8)), ["users-2--part-2"])])
def test_parts_of_a_record_that_shrinks_go(
    dust: LocalDust, sync: Callable[..., Connector], body: str, left: list[str]
) -> None:
    """All of its own, and no other's."""
    sync(user(2, LARGE), user(22, LARGE))

    sync(user(2, body))

    others = ["users-22", "users-22--part-2", "users-22--part-3"]
    assert sorted(["users-2", *left, *others]) == sorted(stored(dust))
    assert body in "".join(
        each.removeprefix("# User 2\n\n") for _, each in sorted(stored(dust).items())[: 1 + len(left)]
    )


def test_a_tombstone_deletes_all_parts(dust: LocalDust, sync: Callable[..., Connector]) -> None:
    """In one record, which counts as one."""
    sync(user(1, "small"), user(2, LARGE))

    connector = sync(record("users", id=2, **GONE))

    assert ["users-1"] == [*stored(dust)]
    assert "Stream users: 1 records read, 0 upserted, 1 deleted, 0 rejected." in connector.logs()


@pytest.mark.parametrize("refreshes", [False, True])
def test_a_record_whose_deletion_was_cut_short_is_not_taken_for_whole(
    dust: LocalDust, sync: Callable[..., Connector], tmp_path: Path, refreshes: bool
) -> None:
    """It comes again as it was: the first part must not vouch for parts that are gone."""
    sync(user(1, "small"), user(2, LARGE))
    before = stored(dust)
    config = dust.config(on_record_error="split", text_format="markdown")
    streams = catalog(stream("users", generation=2, minimum=2)) if refreshes else USERS
    dying = Connector("write", tmp_path, config=config, catalog=streams)
    refusal = dust.faults.add("status", method="DELETE", path="users-2$", status=503)
    dying.send(*([user(1, "small"), complete("users")] if refreshes else [record("users", id=2, **GONE)]))
    dying.end_input()
    dying.wait_for(lambda: refusal.hits > 1)
    dying.kill()
    dying.wait()
    dust.faults.clear()

    sync(user(2, LARGE))

    assert before == stored(dust)


def test_a_replaced_stream_keeps_parts_of_what_it_brings(dust: LocalDust, sync: Callable[..., Connector]) -> None:
    """And loses those of what it does not bring."""
    sync(user(1, LARGE), user(2, LARGE), user(3, LARGE))

    truncating = catalog(stream("users", generation=2, minimum=2))
    sync(user(1, LARGE), user(3, "small"), complete("users"), streams=truncating)

    assert ["users-1", "users-1--part-2", "users-1--part-3", "users-3"] == sorted(stored(dust))


@pytest.mark.parametrize("deleted", [False, True])
def test_a_replaced_stream_that_is_no_longer_split_loses_parts(
    dust: LocalDust, sync: Callable[..., Connector], deleted: bool
) -> None:
    """Of records that are stored in one, or deleted. One that has not changed is still stored in parts."""
    sync(user(1, LARGE), user(2, LARGE))
    last = record("users", id=2, **GONE) if deleted else user(2, "small")

    truncating = catalog(stream("users", generation=2, minimum=2))
    sync(user(1, LARGE), user(2, "small"), last, complete("users"), streams=truncating, on_record_error="fail")

    whole = ["users-1", "users-1--part-2", "users-1--part-3"]
    assert [*whole, *([] if deleted else ["users-2"])] == sorted(stored(dust))


def test_documents_of_another_stream_are_no_parts(dust: LocalDust, sync: Callable[..., Connector]) -> None:
    """Whatever their ids look like."""
    foreign: dict[str, Any] = {
        "title": "mine",
        "timestamp": 1,
        "mime_type": "text/plain",
        "source_url": None,
        "parents": [],
    }
    for number in (2, 3):
        dust.world.data_source.documents.upsert(f"users-2--part-{number}", text="mine", tags=["mine"], **foreign)

    sync(user(2, "small"))

    assert {"users-2", "users-2--part-2", "users-2--part-3"} == set(stored(dust))


def test_a_gateway_that_takes_less_is_found_by_halves(dust: LocalDust, sync: Callable[..., Connector]) -> None:
    """It names no limit, so parts have a power of two of characters: in each sync the same."""
    dust.world.limits.text_mb = -1
    dust.faults.add("status", status=413, method="POST", path="/documents/", larger_than=300_000)
    sync(user(2, text(*range(60), size=10_000)))
    parts = stored(dust)
    assert ["users-2", "users-2--part-2", "users-2--part-3"] == sorted(parts)
    assert all(len(each) <= 262_144 for each in parts.values())
    before = len(dust.world.arrivals)

    sync(user(2, text(*range(60), size=10_000)), user(3, text(*range(35), size=10_000)))

    assert ["users-3--part-2", "users-3"] == upserts(dust, before)


def test_what_is_too_small_to_split_fails_the_sync(dust: LocalDust, tmp_path: Path) -> None:
    """Then it is not the size."""
    dust.faults.add("status", status=413, method="POST", path="/documents/")
    config = dust.config(on_record_error="split")
    connector = Connector("write", tmp_path, config=config, catalog=USERS)

    assert 1 == connector.finish(user(1, "x" * 50_000))

    assert "(record users-1)" in connector.failure()["message"]
    assert {} == stored(dust)
