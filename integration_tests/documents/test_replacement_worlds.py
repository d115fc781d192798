"""Replacements in generated worlds: they delete exactly the documents that are proven stale."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_dust.mapping.ids import marker_identifier
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, record, state, stream
from local_dust import StoredDocument, World

FINGERPRINT = "q83vASNFZ4k"
MARKER = marker_identifier(None, "users")
USERS = ("airbyte:stream:users",)
OTHERS = (
    (),
    ("airbyte:generation:1",),
    ("airbyte:stream:orders",),
    ("airbyte:stream:user",),
    ("airbyte:stream:users2",),
    ("airbyte:stream:users:more",),
    ("_airbyte:stream:users",),
    ("airbyte:namespace:a",),
    ("airbyte:stream:users", "airbyte:namespace:a"),
    ("airbyte:stream:users", "airbyte:stream:users"),
    ("airbyte:stream:users", "airbyte:stream:orders"),
    ("airbyte:stream:users", "airbyte:namespace:a", "airbyte:namespace:b"),
)
generations = st.none() | st.integers(0, 6)
documents_of_users = st.tuples(st.just(USERS), generations, st.sampled_from([(), (), (), ("airbyte:replaced:4",)]))
# Some of each, so every example can damage all of them.
others = st.tuples(*(st.tuples(st.just(origin), generations, st.just(())) for origin in OTHERS))
markers = st.sampled_from(
    [
        None,
        "airbyte:replaced:5:7",
        "airbyte:replaced:5:6",
        "airbyte:replaced:5",
        "airbyte:replaced:4:7",
        "airbyte:replaced:9:7",
    ]
)
ids = st.sampled_from([(5, 5, 7), (5, 5, 7), (5, 4, 7), (5, 0, 7), (1, 1, 7), (1, 1, 1), (None, None, None)])


def founded(
    contents: list[tuple[tuple[str, ...], int | None, tuple[str, ...]]], marker: str | None, *, marks_document: bool
) -> World:
    """A world with documents `users-0`, `users-1`, … of these tags and generations.

    The marker is a document of its own, or, as version 0.1.0 had it, a tag of `users-0` if that is one of the users.
    """
    world = World(upserts_per_minute=None)
    for number, (origin, generation, more) in enumerate(contents):
        tags = [*origin, "mine", *more]
        if number == 0 and marks_document and marker and origin == USERS:
            tags = [*origin, "mine", marker]
        if generation is not None:
            tags.append(f"airbyte:{generation}:{FINGERPRINT}" if number % 2 else f"airbyte:generation:{generation}")
        put(world, f"users-{number}", tags)
    if marker and not marks_document:
        put(world, MARKER, [marker])
    return world


def put(world: World, document_id: str, tags: list[str]) -> None:
    world.data_source.documents.upsert(
        document_id,
        title="title",
        text="text",
        tags=tags,
        timestamp=1_767_225_600_000,
        mime_type="text/plain",
        source_url="https://example.com/",
        parents=[],
    )


def generation_of(document: StoredDocument) -> int:
    found = [tag.split(":") for tag in document.tags if tag.startswith("airbyte:")]
    numbers = [parts[2] if parts[1] == "generation" else parts[1] for parts in found if len(parts) == 3]
    return next((int(number) for number in numbers if number.isdigit()), 0)


def is_of_users(document: StoredDocument) -> bool:
    ours = [tag for tag in document.tags if tag.startswith(("airbyte:stream:", "airbyte:namespace:"))]
    return ours == [*USERS]


@pytest.mark.airbyte_case("resumeAfterCancelledTruncate")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(documents_of_users, max_size=8),
    others,
    st.sets(st.integers(0, 25), max_size=6),
    st.sampled_from(["overwrite", "append", "append_dedup"]),
    ids,
    st.sampled_from([True, True, False]),
    markers,
    st.booleans(),
)
def test_exactly_what_is_proven_stale_is_deleted(
    ours: list[Any],
    foreign: tuple[Any, ...],
    brought: set[int],
    mode: str,
    three_ids: tuple[Any, ...],
    is_complete: bool,
    marker: str | None,
    marks_document: bool,
) -> None:
    """Foreign documents, other streams, other namespaces and documents without our tags are never touched."""
    generation, minimum, sync_id = three_ids
    world = founded([*ours, *foreign], marker, marks_document=marks_document)
    before = world.documents()
    has_ids = generation is not None and three_ids != (1, 1, 1)
    replaces = minimum > 0 if has_ids else mode == "overwrite"
    seen = {f"users-{number}" for number in brought}
    users = {each for each, document in before.items() if is_of_users(document)}
    if marks_document and not any(marker in document.tags for document in before.values()):
        marker = None
    of_this_generation = has_ids and marker is not None and marker.split(":")[2] == str(generation)
    is_anothers = marker is not None and marker.split(":")[3:] not in ([], [str(sync_id)])
    replaces_all = not has_ids or (of_this_generation and is_anothers and mode == "overwrite")
    already = of_this_generation and not replaces_all
    stale = {each for each in users - seen if replaces_all or not minimum <= generation_of(before[each]) <= generation}
    # A host that counts no generations may only repeat that the stream is complete.
    deletes = replaces and is_complete and not already and (has_ids or bool(brought))

    users_catalog = catalog(stream("users", mode=mode, generation=generation, minimum=minimum, sync=sync_id))
    messages = [*(record("users", id=number) for number in sorted(brought)), state("users", 1)]
    finished = sync(world, users_catalog, [*messages, *([complete("users")] if is_complete else [])])

    after = world.documents()
    marked = {MARKER} if deletes and has_ids else set()
    assert (before.keys() | seen | marked) - (stale if deletes else set()) == after.keys()
    assert marked == {each for each in after.keys() - seen if after[each] != before.get(each)} | (
        marked & before.keys()
    )
    if marked:
        assert f"airbyte:replaced:{generation}:{sync_id}" in after[MARKER].tags
    broken_off = replaces and has_ids and not is_complete and not already
    assert ("transient_error" if broken_off else None) == finished.failure
    assert [] == finished.states if broken_off else 1 == len(finished.states)
