"""Proof of completion, without which no old data may be deleted."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.completion import Completion, Ending
from destination_dust.airbyte.messages import Record, State, StreamKey, StreamStatus, marks_complete
from unit_tests.builders import ORDERS, USERS
from unit_tests.builders import state as unmarked_state

RECORD = Record(USERS, {"id": 1}, 1, 1)
COMPLETE = StreamStatus(USERS, "COMPLETE")
INCOMPLETE = StreamStatus(USERS, "INCOMPLETE")
STATE = unmarked_state(USERS)
GLOBAL = unmarked_state(None)


def state_with(stream: StreamKey = USERS, **marks: object) -> State:
    """A STREAM state with some more at the top level of its stream state."""
    content = {"stream_descriptor": {"name": stream.name}, "stream_state": {"at": 1, **marks}}
    return State(b"", stream, marks_complete({"stream": content}))


DONE = state_with(__ab_full_refresh_sync_complete=True)
NO_CURSOR = state_with(__ab_no_cursor_state_message=True)


def ending(*messages: Any, has_ids: bool = True, end_of_input_is_complete: bool = False) -> Ending:
    """How the stream of users ends after these messages."""
    completion = Completion(end_of_input_is_complete=end_of_input_is_complete)
    for message in messages:
        completion.observe(message)
    ids = (2, 2, 7) if has_ids else (1, 1, 1)
    return completion.ending(StreamPlan(USERS, Mode.OVERWRITE, (("id",),), *ids))


@pytest.mark.parametrize(
    "messages",
    [
        (COMPLETE,),
        (RECORD, STATE, COMPLETE),
        (RECORD, COMPLETE, STATE),
        (RECORD, DONE),
        (RECORD, NO_CURSOR),
        (RECORD, STATE, DONE),
        (DONE, COMPLETE),
        (DONE, GLOBAL),
        (INCOMPLETE, COMPLETE),
        (COMPLETE, RECORD, COMPLETE),
    ],
)
def test_a_stream_is_complete_if_the_platform_or_the_source_says_so(messages: tuple[Any, ...]) -> None:
    """The platform in a status, or the source in the last state."""
    assert Ending.COMPLETE == ending(*messages)
    assert Ending.COMPLETE == ending(*messages, has_ids=False)


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
