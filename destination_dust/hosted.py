"""A sync in a process that goes on after it, so that nothing of it may be left there."""

from __future__ import annotations

import gc
import logging
import traceback
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress

from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.input import Input
from destination_dust.config import Config
from destination_dust.final_report import final_report
from destination_dust.pump import pump
from destination_dust.sync import GRACE, Sync
from destination_dust.wiring import build_sync
from destination_dust.workers import Workers

logger = logging.getLogger("airbyte")

# Seconds between two log lines that say what a sync waits for before it begins.
WAIT_SHOWN = 30.0

_left_behind: list[Workers] = []
"""Of earlier syncs in this process: those with calls that did not end in time."""


def written(config: Config, catalog: Catalog, lines: Iterable[bytes]) -> Generator[bytes, None, None]:
    """The states of a sync, as lines. What `lines` raise is raised.

    At its end, or when it is closed, its threads and descriptors are given back. A call under way may still change
    Dust, so it has `GRACE` seconds to end, and a later sync begins only when it has.
    """
    try:
        yield from _states(config, catalog, lines)
    except BaseException as error:
        forget_frames(error)
        raise
    finally:
        # Connections and temporary files close when they are collected, and their owners refer to one another.
        gc.collect()


def _states(config: Config, catalog: Catalog, lines: Iterable[bytes]) -> Iterator[bytes]:
    with pump(lines, grace=GRACE) as descriptor, closing(Input(descriptor)) as input, final_report() as report:
        sync = build_sync(config, catalog, input)
        report.figures = sync.progress.figures
        yield from run_after_earlier(sync)


def run_after_earlier(sync: Sync) -> Iterator[bytes]:
    """The states of a sync, which begins once all calls of earlier syncs in this process have ended.

    At its end, or when it is closed, its own calls have `GRACE` seconds to end.
    """
    for earlier in [*_left_behind]:
        while not earlier.join(WAIT_SHOWN):
            logger.info("Waiting for calls of an earlier sync in this process to end.")
        with suppress(ValueError):  # another thread has seen the same
            _left_behind.remove(earlier)
    try:
        with closing(sync.run()) as states:
            yield from states
    finally:
        if not sync.workers.join(GRACE):
            _left_behind.append(sync.workers)


def forget_frames(error: BaseException | None) -> None:
    """Let go of what the frames of an error refer to: a host may keep the error for long."""
    done: set[int] = set()  # `raise error from error` makes an error its own cause
    while error and id(error) not in done:
        done.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
