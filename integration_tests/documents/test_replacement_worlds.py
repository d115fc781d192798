"""Replacements in generated worlds: they delete exactly the documents that are proven stale."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_tests.harness.in_process import Killed, sync
from integration_tests.harness.messages import catalog, complete, record, state, stream
from local_dust import Arrival, StoredDocument, World

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
documents = st.tuples(st.just(USERS), generations, st.sampled_from([(), (), (), (1,), (4,), (5,)]))
# Some of each, so every example can damage all of them.
others = st.tuples(*(st.tuples(st.just(origin), generations, st.sampled_from([(), (5,)])) for origin in OTHERS))
ids = st.sampled_from([(5, 5, 7), (5, 5, 7), (5, 4, 7), (5, 0, 7), (1, 1, 7), (1, 1, 1), (None, None, None)])


def founded(contents: list[tuple[tuple[str, ...], int | None, tuple[int, ...]]]) -> World:
    """A world with documents `users-0`, `users-1`, … of these tags, generations and marks."""
    world = World(upserts_per_minute=None)
    for number, (origin, generation, marks) in enumerate(contents):
        tags = [*origin, "mine", *(f"airbyte:replaced:{mark}" for mark in marks)]
        if generation is not None:
            tags.append(f"airbyte:generation:{generation}")
        world.data_source.documents.upsert(
            f"users-{number}",
            title="title",
            text="text",
            tags=tags,
            timestamp=1_767_225_600_000,
            mime_type="text/plain",
            source_url="https://example.com/",
            parents=[],
        )
    return world


def generation_of(document: StoredDocument) -> int:
    tags = [tag for tag in document.tags if tag.startswith("airbyte:generation:")]
    return int(tags[0].rpartition(":")[2]) if tags else 0


def is_of_users(document: StoredDocument) -> bool:
    ours = [tag for tag in document.tags if tag.startswith(("airbyte:stream:", "airbyte:namespace:"))]
    return ours == [*USERS]


@pytest.mark.airbyte_case("resumeAfterCancelledTruncate")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(documents, max_size=8),
    others,
    st.sets(st.integers(0, 25), max_size=6),
    st.sampled_from(["overwrite", "append", "append_dedup"]),
    ids,
    st.sampled_from([True, True, False]),
)
def test_exactly_what_is_proven_stale_is_deleted(
    ours: list[Any],
    foreign: tuple[Any, ...],
    brought: set[int],
    mode: str,
    three_ids: tuple[Any, ...],
    is_complete: bool,
) -> None:
    """Foreign documents, other streams, other namespaces and documents without our tags are never touched."""
    generation, minimum, sync_id = three_ids
    world = founded([*ours, *foreign])
    before = world.documents()
    has_ids = generation is not None and three_ids != (1, 1, 1)
    replaces = minimum > 0 if has_ids else mode == "overwrite"
    mark = f"airbyte:replaced:{generation}"
    users = {each for each, document in before.items() if is_of_users(document)}
    already = has_ids and any(mark in before[each].tags for each in users)
    seen = {f"users-{number}" for number in brought}
    stale = {each for each in users - seen if not has_ids or generation_of(before[each]) < minimum}
    deletes = replaces and is_complete and not already

    users_catalog = catalog(stream("users", mode=mode, generation=generation, minimum=minimum, sync=sync_id))
    messages = [*(record("users", id=number) for number in sorted(brought)), state("users", 1)]
    finished = sync(world, users_catalog, [*messages, *([complete("users")] if is_complete else [])])

    after = world.documents()
    assert (before.keys() | seen) - (stale if deletes else set()) == after.keys()
    rewritten = {each for each in after.keys() - seen if after[each] != before[each]}
    assert rewritten <= users
    if deletes and has_ids and any(is_of_users(document) for document in after.values()):
        assert 1 == sum(mark in document.tags and is_of_users(document) for document in after.values())
        assert len(rewritten) <= 1
    else:
        assert set() == rewritten
    for each in rewritten:
        kept = [tag for tag in before[each].tags if not tag.startswith("airbyte:replaced:")]
        assert [*kept, mark] == [tag for tag in after[each].tags if not tag.startswith("title:")]
        assert (before[each].text, before[each].timestamp) == (after[each].text, after[each].timestamp)
        assert (before[each].source_url, before[each].mime_type) == (after[each].source_url, after[each].mime_type)
    broken_off = replaces and has_ids and not is_complete and not already
    assert ("transient_error" if broken_off else None) == finished.failure
    assert [] == finished.states if broken_off else 1 == len(finished.states)


attempts = st.lists(
    st.fixed_dictionaries(
        {
            "changed": st.dictionaries(st.integers(0, 7), st.booleans(), max_size=4),
            "dies": st.booleans(),
            "killed_at": st.none() | st.integers(0, 30),
            "new_job": st.booleans(),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(attempts, st.sampled_from(["overwrite", "append_dedup"]), st.integers(0, 6))
def test_no_sequence_of_attempts_loses_records_of_the_source(
    history: list[dict[str, Any]], mode: str, count: int
) -> None:
    """Sources that die, processes that are killed anywhere, attempts after the states of another went out.

    As the platform has it, a job brings the whole stream, but an attempt goes on behind the last state of the
    job that came back, if one did.
    """
    world = World(upserts_per_minute=None)
    source = dict.fromkeys(range(count), 0)
    generation = 1
    beginning = catalog(stream("users", mode="append_dedup", generation=generation, minimum=0))
    assert sync(world, beginning, [record("users", id=number, v=0) for number in source]).failure is None
    to_bring: set[int] = set()

    for at, attempt in enumerate(history, 1):
        if at == 1 or attempt["new_job"]:
            generation += 1
            to_bring = set(source)
            brings_all = True
        for number, removes in attempt["changed"].items():
            if removes:
                source.pop(number, None)
                to_bring.discard(number)
            else:
                source[number] = at
                to_bring.add(number)
        before = world.documents()

        brought = sorted(to_bring)
        half = len(brought) // 2
        records = [record("users", id=number, v=source[number]) for number in brought]
        messages = [*records[:half], state("users", 1)]
        if not attempt["dies"]:
            messages += [*records[half:], state("users", 2), complete("users")]
        arrivals = itertools.count()

        def may_be_killed(_: Arrival, arrivals: Any = arrivals, at: int | None = attempt["killed_at"]) -> None:
            if at is not None and next(arrivals) >= at:
                raise Killed

        streams = catalog(stream("users", mode=mode, generation=generation, minimum=generation))
        finished = sync(world, streams, messages, on_arrival=may_be_killed)

        after = world.documents()
        wanted = {f"users-{number}": version for number, version in source.items()}
        assert wanted.keys() & before.keys() <= after.keys()
        given_back = {each["id"] for each in finished.states}
        if 2 in given_back:
            assert wanted == {each: json.loads(after[each].text)["v"] for each in wanted}
            if brings_all:
                of_earlier_attempts = {each for each in after if generation_of(after[each]) == generation}
                assert after.keys() <= wanted.keys() | of_earlier_attempts
        if given_back:
            to_bring = to_bring - set(brought if 2 in given_back else brought[:half])
            brings_all = False
