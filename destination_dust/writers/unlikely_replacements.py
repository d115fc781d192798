"""Replacements that delete more than they bring, on hosts where that may be a mistake.

Where no generations are counted, a source that goes on from a state, sends what is new and says that it is complete
looks exactly like one that has sent the whole stream. Nothing tells them apart, so the replacement goes on; but a
stream rarely loses more than half of its records between two syncs, so this is said. A caller of `Loader.replace` has
said that the records are all, so nothing is unlikely there.
"""

from __future__ import annotations

import logging

from destination_dust.airbyte.catalog import StreamPlan

logger = logging.getLogger("airbyte")


def warn_if_unlikely(plan: StreamPlan, *, brought: int, deleted: int) -> None:
    """Log a warning if so many documents or rows, in place of those that the sync brought, are probably a mistake."""
    if plan.generation is None and not plan.is_whole and deleted > brought:
        logger.warning(
            "Stream %s: the sync brought %d records, and deletes at least %d that it did not bring. If the source went "
            "on from a state instead of sending all of the stream, have it send all, and sync again.",
            plan.stream,
            brought,
            deleted,
        )
