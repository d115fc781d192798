"""What the marker of a stream proves about its replacement: where it is decided what may go.

The platform may try a sync again after the states of an attempt went out. The source then brings only what came
since, and everything else would look stale. States of a replaced stream go out only after the marker of its generation
and sync was written, so the marker decides. A generation alone proves nothing: it counts the refreshes of one
connection, and what Dust holds may be another connection's.
"""

from __future__ import annotations

import logging
from enum import Enum

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.mapping.tags import Marker

logger = logging.getLogger("airbyte")


class Decision(Enum):
    """What a sync that is to replace a stream does with the documents or rows that the stream has."""

    REPLACE = "what this sync does not bring is deleted once the source has sent all of the stream"
    """Nothing that an attempt of this sync has acknowledged is there."""
    REPLACE_OTHER_GENERATIONS = (
        "what this sync does not bring is deleted once the source has sent all of the stream, except what is of this "
        "generation"
    )
    """What is of this generation may be from another attempt, which the platform wants to keep."""
    ADD = "replaced before by this sync, so it is only added to"
    ADD_UNPROVEN = (
        "replaced before by this generation, but not provably by this sync, so it is only added to and nothing old is "
        "deleted. To have that deleted, refresh the stream and remove its records"
    )

    @property
    def adds(self) -> bool:
        """Whether the stream is only added to."""
        return self in (Decision.ADD, Decision.ADD_UNPROVEN)


def decide(plan: StreamPlan, marker: Marker | None) -> Decision:
    """What the marker of a stream allows; None if it surely has no marker.

    Generations are Airbyte's: those below the minimum are to go, and those above the current one are of another
    connection, which counted its own.
    """
    if plan.generation is None:
        return Decision.REPLACE  # the host does not resume a replacement, so no attempt can have acknowledged a part
    if marker is None or marker.generation != plan.generation:
        return Decision.REPLACE_OTHER_GENERATIONS
    if not marker.completed:
        # States were held, and a sync that only adds would have removed the marker.
        return Decision.REPLACE
    if marker.sync_id is None or plan.sync_id is None:
        return Decision.ADD_UNPROVEN
    if marker.sync_id == plan.sync_id:
        return Decision.ADD
    # A sync that overwrites brings the whole stream, whatever another sync has done; one that truncates may go on
    # behind what the other has acknowledged.
    return Decision.REPLACE if plan.overwrites else Decision.ADD_UNPROVEN


def staying(plan: StreamPlan, decision: Decision) -> range:
    """The generations of documents and rows that stay, because another attempt may have acknowledged them."""
    if decision is Decision.REPLACE:
        return range(0)
    return range(plan.minimum_generation_id or 0, (plan.generation or 0) + 1)


def marker_for(plan: StreamPlan, *, completed: bool) -> Marker | None:
    """The marker that this sync writes, None if the host counts no generations: it would never be read."""
    return None if plan.generation is None else Marker(plan.generation, plan.sync_id, completed)


def announce(plan: StreamPlan, decision: Decision) -> None:
    """Log the decision, one line for each stream."""
    level = logging.WARNING if decision is Decision.ADD_UNPROVEN else logging.INFO
    logger.log(level, "Stream %s: %s.", plan.stream, decision.value)
