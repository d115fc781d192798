"""Proof of completion, without which no old data may be deleted."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.completion import Completion, Ending
from destination_dust.airbyte.messages import Record, SourceError, State, StreamKey, StreamStatus, marks_complete
from unit_tests.builders import ORDERS, USERS
from unit_tests.builders import state as unmarked_state

RECORD = Record(USERS, {"id": 1}, 1, 1)
COMPLETE = StreamStatus(USERS, "COMPLETE")
INCOMPLETE = StreamStatus(USERS, "INCOMPLETE")
STATE = unmarked_state(USERS)
GLOBAL = unmarked_state(None)
FAILED = SourceError(USERS, "no access")
ANY_FAILED = SourceError(None, "no access")
UNKNOWN_FAILED = SourceError(StreamKey("crm", "users"), "no access")


def state_with(stream: StreamKey = USERS, **marks: object) -> State:
    """A STREAM state with some more at the top level of its stream state."""
    content = {"stream_descriptor": {"name": stream.name}, "stream_state": {"at": 1, **marks}}
    return State(b"", stream, marks_complete({"stream": content}))


DONE = state_with(__ab_full_refresh_sync_complete=True)
NO_CURSOR = state_with(__ab_no_cursor_state_message=True)


def ending(*messages: Any, has_ids: bool = True, end_of_input_is_complete: bool = False) -> Ending:
    """How the stream of users ends after these messages."""
    completion = Completion([USERS, ORDERS], end_of_input_is_complete=end_of_input_is_complete)
    for message in messages:
        completion.observe(message)
    ids = (2, 2, 7) if has_ids else (1, 1, 1)
    return completion.ending(StreamPlan(USERS, Mode.OVERWRITE, (("id",),), *ids))


@pytest.mark.parametrize(
    "messages",
    [
        (RECORD, STATE, COMPLETE),
        (RECORD, COMPLETE, STATE),
        (RECORD, DONE),
        (RECORD, NO_CURSOR),
        (RECORD, STATE, DONE),
        (RECORD, DONE, COMPLETE),
        (RECORD, DONE, GLOBAL),
        (RECORD, INCOMPLETE, COMPLETE),
        (COMPLETE, RECORD, COMPLETE),
        (RECORD, FAILED, COMPLETE),
        (RECORD, ANY_FAILED, DONE),
        (RECORD, COMPLETE, SourceError(ORDERS, "no access")),
        (RECORD, DONE, RECORD, StreamStatus(USERS, "RUNNING"), DONE),
    ],
)
def test_a_stream_is_complete_if_the_platform_or_the_source_says_so(messages: tuple[Any, ...]) -> None:
    """The platform in a status, or the source in the last state."""
    assert Ending.COMPLETE == ending(*messages)
    assert Ending.COMPLETE == ending(*messages, has_ids=False)


@pytest.mark.parametrize("messages", [(COMPLETE,), (DONE,), (DONE, GLOBAL), (STATE, COMPLETE), (INCOMPLETE, COMPLETE)])
def test_without_records_only_generations_prove_that_a_stream_is_empty(messages: tuple[Any, ...]) -> None:
    """A host that keeps a state repeats the source's last one, and a source with nothing new is complete at once."""
    assert Ending.COMPLETE == ending(*messages)
    assert Ending.NO_RECORDS == ending(*messages, has_ids=False)
    assert Ending.NO_RECORDS == ending(*messages, Record(ORDERS, {}, 1, 1), has_ids=False)


def test_without_records_a_host_can_vouch_that_a_stream_is_empty() -> None:
    """One that keeps no state repeats none; but only what it calls complete is."""
    completion = Completion([USERS, ORDERS], end_of_input_is_complete=False)
    completion.observe(DONE)

    assert Ending.COMPLETE == completion.ending(StreamPlan(USERS, Mode.OVERWRITE, is_whole=True))
    assert Ending.UNPROVEN == completion.ending(StreamPlan(ORDERS, Mode.OVERWRITE, is_whole=True))


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (RECORD,),
        (RECORD, STATE),
        (RECORD, GLOBAL),
        (DONE, RECORD),
        (DONE, RECORD, STATE),
        (DONE, STATE),
        (NO_CURSOR, STATE),
        (COMPLETE, RECORD),
        (RECORD, COMPLETE, StreamStatus(USERS, "STARTED")),
        (RECORD, DONE, StreamStatus(USERS, "STARTED")),
        (RECORD, COMPLETE, FAILED),
        (RECORD, COMPLETE, ANY_FAILED),
        (RECORD, DONE, UNKNOWN_FAILED),
        (COMPLETE, INCOMPLETE),
        (DONE, INCOMPLETE),
        (COMPLETE, StreamStatus(USERS, "STARTED")),
        (StreamStatus(USERS, "RUNNING"),),
        (StreamStatus(ORDERS, "COMPLETE"),),
        (StreamStatus(StreamKey("other", "users"), "COMPLETE"),),
        (state_with(ORDERS, __ab_full_refresh_sync_complete=True),),
        (state_with(__ab_full_refresh_sync_complete="true"),),
        (state_with(__ab_full_refresh_sync_complete=1),),
        (state_with(__ab_full_refresh_sync_complete=False),),
        (state_with(nested={"__ab_full_refresh_sync_complete": True}),),
    ],
)
def test_only_these_messages_prove_completion(messages: tuple[Any, ...]) -> None:
    """Marks count in the last message of the stream only, at the top, and of no other stream."""
    assert Ending.INCOMPLETE == ending(*messages)


def test_without_ids_a_stream_that_is_not_proven_complete_may_be() -> None:
    """A host that counts no generations may never say it."""
    assert Ending.UNPROVEN == ending(RECORD, STATE, has_ids=False)


def test_users_can_vouch_for_the_end_of_the_input() -> None:
    """With the setting, the end of the input is proof, unless the input itself says otherwise."""
    assert Ending.COMPLETE == ending(RECORD, STATE, end_of_input_is_complete=True)
    assert Ending.COMPLETE == ending(RECORD, has_ids=False, end_of_input_is_complete=True)
    assert Ending.INCOMPLETE == ending(RECORD, INCOMPLETE, end_of_input_is_complete=True)
    assert Ending.COMPLETE == ending(INCOMPLETE, RECORD, COMPLETE, end_of_input_is_complete=True)


@pytest.mark.parametrize(
    "failure",
    [FAILED, ANY_FAILED, UNKNOWN_FAILED, INCOMPLETE, StreamStatus(StreamKey(None, "Users"), "INCOMPLETE")],
)
@pytest.mark.parametrize("after", [(), (RECORD,), (STATE,), (StreamStatus(USERS, "RUNNING"), RECORD)])
def test_no_one_can_vouch_for_a_source_that_failed(failure: Any, after: tuple[Any, ...]) -> None:
    """Whatever it sends after that; and a failure of a stream that no one knows may be that of any."""
    messages = (RECORD, failure, *after)

    assert Ending.INCOMPLETE == ending(*messages, end_of_input_is_complete=True)
    assert Ending.FAILED == ending(*messages, has_ids=False, end_of_input_is_complete=True)
    assert Ending.FAILED == ending(*messages, has_ids=False)


def test_the_failure_of_another_stream_is_not_that_of_this_one() -> None:
    """Sources go on with the next stream."""
    assert Ending.COMPLETE == ending(RECORD, SourceError(ORDERS, "no access"), end_of_input_is_complete=True)


def test_no_one_can_vouch_for_a_stream_without_records() -> None:
    """A part of the input may have been left out, or a source did not start at all."""
    assert Ending.NO_RECORDS == ending(has_ids=False, end_of_input_is_complete=True)
    assert Ending.NO_RECORDS == ending(Record(ORDERS, {}, 1, 1), has_ids=False, end_of_input_is_complete=True)
    assert Ending.INCOMPLETE == ending(Record(ORDERS, {}, 1, 1), end_of_input_is_complete=True)
    assert Ending.INCOMPLETE == ending(end_of_input_is_complete=True)


@pytest.mark.parametrize("each", Ending)
def test_an_ending_says_why_old_data_stays(each: Ending) -> None:
    """Where the sync ends well and nothing is deleted."""
    assert (each in (Ending.COMPLETE, Ending.INCOMPLETE)) == (each.doubt is None)
