"""The line for programs at the end of a `write`: exactly one, however it ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from destination_dust import failures
from destination_dust.reporting.figures import Figures, Result, line
from destination_dust.sync import Interrupted

logger = logging.getLogger("airbyte")


class FinalReport:
    """What the line is made of when the time has come."""

    def __init__(self) -> None:
        self.figures: Callable[[], Figures] = Figures.none
        """To be set once there is a sync."""


@contextmanager
def final_report() -> Iterator[FinalReport]:
    """Log the line when the block ends.

    Only a block that ran to its end has succeeded: then the input has ended, everything is stored, and every state was
    taken by whoever reads the output. A block that no one lets go on, as a host may, was stopped.
    """
    report = FinalReport()
    result, failure_type = Result.STOPPED, None
    try:
        yield report
        result = Result.SUCCEEDED
    except (Interrupted, BrokenPipeError):
        raise
    except Exception as error:
        result, failure_type = Result.FAILED, failures.failure_type(error).value
        raise
    finally:
        logger.info("%s", line(report.figures(), result, failure_type))
