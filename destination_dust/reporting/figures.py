"""A sync in figures, as a line of JSON for programs.

Alerts and dashboards of users rest on it: `docs/sync-report.schema.json` holds its fields, `docs/operating.md` explains
them. New fields may come; a field that goes, or means something else, takes a new `VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from destination_dust import exact_json
from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.permit import PacerStatus, Reason
from destination_dust.dust.responses import RetryReason
from destination_dust.dust.traffic import TrafficStatus
from destination_dust.reporting.counts import Counts, States
from destination_dust.reporting.warnings import LEFT_OUT

VERSION = 1
# What people search the log for: of a sync's lines, exactly one begins with the first.
REPORT, PROGRESS = "SYNC_REPORT", "SYNC_PROGRESS"


class Result(str, Enum):
    """How a sync ended, if it did."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    """By a signal, by its host, or because no one reads its output."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a sync has done, after so many seconds."""

    seconds: float
    streams: Mapping[StreamKey, Counts]
    states: States
    limit: PacerStatus
    traffic: TrafficStatus

    @classmethod
    def none(cls) -> Figures:
        """The figures of a sync that did not begin."""
        return cls(0.0, {}, States(), PacerStatus(0, 0, 0, False, None), TrafficStatus(0, 0, 0, {}, {}))


def line(figures: Figures, result: Result, failure_type: str | None = None) -> str:
    """The figures as a line for the log. `failure_type`: Airbyte's, if the sync failed."""
    content = {
        "version": VERSION,
        "result": result.value,
        "failure_type": failure_type,
        "seconds": round(figures.seconds, 3),
        "totals": _counts(sum(figures.streams.values(), Counts())),
        "streams": [
            {"namespace": stream.namespace, "name": stream.name, **_counts(counts)}
            for stream, counts in figures.streams.items()
        ],
        "states": {"read": figures.states.read, "acknowledged": figures.states.acknowledged},
        "limit": _limit(figures.limit, figures.traffic),
        "http": _http(figures.traffic),
    }
    prefix = PROGRESS if result is Result.RUNNING else REPORT
    return f"{prefix} {exact_json.dumps(content).decode()}"


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "read": counts.read,
        "upserted": counts.upserted,
        "unchanged": counts.unchanged,
        "superseded": counts.superseded,
        "deleted": counts.deleted,
        "rejected": counts.rejected,
        "ignored": counts.ignored,
        "unsettled": counts.unsettled,
        "stale_deleted": counts.stale,
        "queued": counts.queued,
        "without_key": counts.without_key,
        "cleaned": counts.cleaned,
        "not_utf8": counts.not_utf8,
        "lacking_text": counts.lacking_text,
        "surplus_tags": counts.with_surplus_tags,
        "split": counts.split,
        "source_changes": counts.source_changes.total(),
        "kept_values": counts.kept_values.total(),
        "lost_values": counts.lost_values.total(),
        "emptied": counts.emptied,
        "left_out": {setting: counts.left_out[setting] for setting in LEFT_OUT},
    }


def _limit(limit: PacerStatus, traffic: TrafficStatus) -> dict[str, Any]:
    waited = {reason.name.lower(): round(traffic.waited.get(reason, 0.0), 3) for reason in Reason}
    return {"per_minute": limit.limit, "share": limit.share, "waited_seconds": waited}


def _http(traffic: TrafficStatus) -> dict[str, Any]:
    return {
        "requests": traffic.requests,
        "sent_bytes": traffic.sent_bytes,
        "received_bytes": traffic.received_bytes,
        "retries": {reason.name.lower(): traffic.retries.get(reason, 0) for reason in RetryReason},
    }
