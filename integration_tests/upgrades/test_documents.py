"""Documents of earlier versions: the next sync takes them over, without loss and with at most one upsert for each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from integration_tests.harness.connector import write
from integration_tests.harness.contents import documents, marks
from integration_tests.harness.messages import complete, record, state
from integration_tests.upgrades.recorded import of_generation, play, recorded
from local_dust import LocalDust, World

CHOSEN: dict[str, Any] = {"title_field": "name", "source_url_field": "url", "tag_fields": ["labels"]}
# Numbers in keys count by their value now: the changelog says that this document gets another id.
MOVED = ("users-7000_0--74bab12287cda7e6", "users-7000")


def upserts(world: World) -> Counter[str]:
    """How often each document was sent."""
    return Counter(str(arrival.document_id) for arrival in world.arrivals if arrival.is_upsert)


def teams(*numbers: int) -> list[dict[str, Any]]:
    """These records of the recorded stream that is replaced, to its end."""
    sent = recorded("0.1.0", "replaced_documents").messages
    return [sent[number - 1] for number in numbers] + [state("teams", 2), complete("teams")]


def test_documents_of_0_1_0_are_sent_once_more_and_never_again(dust: LocalDust, tmp_path: Path) -> None:
    """Under the same ids, with the same titles, texts and times. Tags are shorter, which is why."""
    sync = recorded("0.1.0", "documents")
    play(dust, sync)
    before, config = sync.documents, dust.config()

    connector = write(tmp_path, config, sync.catalog, sync.messages)

    old_id, new_id = MOVED
    expected = {new_id if each == old_id else each: body for each, body in before.items()}
    assert dict.fromkeys(expected, 1) == upserts(dust.world)
    assert len(sync.catalog["streams"]) == len(connector.states())
    now = documents(dust.world)
    assert {*expected, old_id} == now.keys(), "the only one that stays beside its new version"
    for document_id, body in expected.items():
        for part in ("title", "text", "mime_type", "timestamp"):
            assert body[part] == getattr(now[document_id], part)
        streams = [tag for tag in body["tags"] if tag.startswith(("airbyte:stream:", "airbyte:namespace:"))]
        assert {*streams} <= {*now[document_id].tags}
        assert not any(tag.startswith("airbyte:fingerprint:") for tag in now[document_id].tags)

    dust.world.arrivals.clear()
    write(tmp_path, config, sync.catalog, sync.messages)

    assert {} == upserts(dust.world)


def test_documents_of_0_1_0_that_no_sync_brings_stay(dust: LocalDust, tmp_path: Path) -> None:
    """An incremental sync has only what is new."""
    sync = recorded("0.1.0", "documents")
    play(dust, sync)
    before = dict(documents(dust.world))

    write(tmp_path, dust.config(), sync.catalog, [record("users", id=99), state("users", 2)])

    now = documents(dust.world)
    assert {*before, "users-99"} == now.keys()
    assert {each: stored.tags for each, stored in before.items()} == {each: now[each].tags for each in before}


def test_a_tombstone_deletes_a_document_of_0_1_0(dust: LocalDust, tmp_path: Path) -> None:
    """Under the id that it has."""
    sync = recorded("0.1.0", "documents")
    play(dust, sync)
    gone = record("users", id="a/b", _ab_cdc_deleted_at="2026-02-01T00:00:00Z")

    write(tmp_path, dust.config(), sync.catalog, [gone, state("users", 2)])

    assert sync.documents.keys() - documents(dust.world).keys() == {"users-a_b--b6f07ecc5304410b"}


def test_an_attempt_goes_on_behind_a_replacement_that_0_1_0_has_finished(dust: LocalDust, tmp_path: Path) -> None:
    """The mark does not name its sync, so nothing is deleted: this may be another attempt, with only the rest."""
    sync = recorded("0.1.0", "replaced_documents")
    play(dust, sync)

    connector = write(tmp_path, dust.config(**CHOSEN), sync.catalog, teams(2))

    assert sync.documents.keys() == documents(dust.world).keys()
    assert any("not provably by this sync, so it is only added to" in log for log in connector.logs())


def test_an_attempt_after_that_one_keeps_the_documents_as_well(dust: LocalDust, tmp_path: Path) -> None:
    """The mark of 0.1.0 went with the tags of its document; the generation of the others still says enough."""
    sync = recorded("0.1.0", "replaced_documents")
    play(dust, sync)
    write(tmp_path, dust.config(**CHOSEN), sync.catalog, teams(1))

    write(tmp_path, dust.config(**CHOSEN), sync.catalog, teams(2))

    assert sync.documents.keys() == documents(dust.world).keys()


def test_the_next_replacement_deletes_what_0_1_0_left_and_the_source_no_longer_has(
    dust: LocalDust, tmp_path: Path
) -> None:
    """Each document that stays is sent once; the mark is one of today."""
    sync = recorded("0.1.0", "replaced_documents")
    play(dust, sync)
    config, catalog = dust.config(**CHOSEN), of_generation(sync, 6, 71)

    write(tmp_path, config, catalog, teams(1, 2))

    now = documents(dust.world)
    assert {"teams-1", "teams-2"} == now.keys()
    assert ["airbyte:replaced:6:71"] == marks(dust.world)
    assert {"teams-1": 1, "teams-2": 1} == {each: count for each, count in upserts(dust.world).items() if each in now}
    for document_id, stored in now.items():
        body = sync.documents[document_id]
        assert (body["title"], body["text"], body["source_url"]) == (stored.title, stored.text, stored.source_url)
        assert {"labels:red", "labels:blue"} <= {*stored.tags}
