"""What the process does for each command, what it prints, and what it exits with."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Collection, Mapping
from typing import Any

from destination_dust import failures, signals
from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.output import LogLines, Output
from destination_dust.airbyte.reader import UnreadableInput
from destination_dust.check import check
from destination_dust.config import Config
from destination_dust.config.reading import parse_config, read_config, read_json
from destination_dust.final_report import final_report
from destination_dust.preview import preview
from destination_dust.redaction import redact
from destination_dust.reporting.process_log import log_to, log_to_standard_error
from destination_dust.reporting.terminal import Terminal
from destination_dust.specification import specification
from destination_dust.sync import Interrupted
from destination_dust.wiring import build_sync, client_for_check

logger = logging.getLogger("airbyte")

STANDARD_INPUT, STANDARD_OUTPUT, STANDARD_ERROR = 0, 1, 2


def run(options: argparse.Namespace) -> int | str:
    """Run a command, with options as `command_line.parse` returns them. Returns an argument for `sys.exit`.

    It is 0, 1 after a failure (or an error for people, which makes it 1), or 128 plus the signal's number.
    """
    closed = _closed_descriptors()
    if STANDARD_OUTPUT in closed:
        return "The standard output is closed. States and logs go there: redirect it."
    if options.command == "preview":
        return _preview(options, closed)
    terminal = Terminal.behind(sys.stderr) if options.command == "write" and sys.stderr else None
    # On a terminal that shows both outputs, lines of the protocol replace the live one.
    output = Output(STANDARD_OUTPUT, before=terminal.erase if terminal and os.isatty(STANDARD_OUTPUT) else None)
    log_to(LogLines(output))
    config: Config | None = None
    try:
        if options.command == "spec":
            output.line(specification())
        elif options.command == "check":
            status = connection_status(read_json(options.config), logger)
            output.message({"type": "CONNECTION_STATUS", "connectionStatus": status})
        else:
            with final_report() as report:
                _refuse_closed_input(closed)
                config, catalog = read_config(options.config), Catalog.parse(read_json(options.catalog))
                sync = build_sync(config, catalog, Input(STANDARD_INPUT), display=terminal, check_reader=output.check)
                report.figures = sync.progress.figures
                signals.wind_down(sync.interrupt, STANDARD_OUTPUT)
                for line in sync.run():
                    output.line(line)
    except BrokenPipeError:
        return 1  # no one reads our output, so there is no one to inform
    except Interrupted as interrupted:
        logger.warning("%s Everything acknowledged is stored, and the next sync continues from there.", interrupted)
        return 128 + interrupted.signal_number
    except Exception as error:
        explanation = _report(error, config, output)
        if terminal and not os.isatty(STANDARD_OUTPUT):
            terminal.say(f"The sync failed. {explanation}")
        return 1
    return 0


def connection_status(settings: Mapping[str, Any], log: logging.Logger) -> dict[str, str]:
    """Whether a sync with these settings could write: `status`, and a `message` if it could not. Never raises."""
    connection = None
    try:
        config = parse_config(settings)
        connection = config.connection
        check(config, client_for_check(config))
    except Exception as error:
        log.debug("Check failed.", exc_info=error)
        return {"status": "FAILED", "message": redact(failures.explain(error, connection))}
    return {"status": "SUCCEEDED"}


def _preview(options: argparse.Namespace, closed: Collection[int]) -> int | str:
    """Show records of standard input as they would be written."""
    log_to_standard_error()
    try:
        _refuse_closed_input(closed)
        config, catalog = read_config(options.config), Catalog.parse(read_json(options.catalog))
        for block in preview(config, catalog, sys.stdin.buffer, records=options.records):
            sys.stdout.write(f"{block}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)  # or Python would complain when it ends
        return 1
    except Exception as error:
        return redact(failures.explain(error, None))
    return 0


def _closed_descriptors() -> list[int]:
    """The standard descriptors that are closed. Each leads to nothing from now on, so that no file takes its number."""
    closed = []
    for descriptor in (STANDARD_INPUT, STANDARD_OUTPUT, STANDARD_ERROR):
        try:
            os.fstat(descriptor)
        except OSError:
            closed.append(descriptor)
            opened = os.open(os.devnull, os.O_RDWR)  # which is the lowest number that is free
            assert opened == descriptor
    return closed


def _refuse_closed_input(closed: Collection[int]) -> None:
    if STANDARD_INPUT in closed:
        raise UnreadableInput("The standard input is closed. Pipe the messages of a source into it.")


def _report(error: Exception, config: Config | None, output: Output) -> str:
    """Log the error for engineers, write it as a TRACE for the user, and return that message."""
    kind = failures.failure_type(error)
    expected = isinstance(error, failures.EXPECTED)
    logger.error("%s", type(error).__name__, exc_info=None if expected else error)
    message = redact(failures.explain(error, config.connection if config else None))
    output.failure(message, kind, f"{type(error).__name__}: {error}" if expected else type(error).__name__)
    return message
