"""The connector as Airbyte sees it: spec, check and write, and how each of them fails."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

import orjson
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    Status,
    Type,
)
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets

from destination_dust import exact_json, failures, signals
from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.output import LogLines, Output
from destination_dust.airbyte.reader import UnreadableInput
from destination_dust.check import check
from destination_dust.config import Config
from destination_dust.config.reading import key_in, parse_config, read_config, read_json
from destination_dust.final_report import final_report
from destination_dust.hosted import written
from destination_dust.preview import preview
from destination_dust.redaction import redact
from destination_dust.reporting.process_log import log_to, log_to_standard_error
from destination_dust.reporting.terminal import Terminal
from destination_dust.sync import Interrupted
from destination_dust.wiring import build_sync, client_for_check

logger = logging.getLogger("airbyte")

STANDARD_INPUT, STANDARD_OUTPUT, STANDARD_ERROR = 0, 1, 2


class DestinationDust(Destination):
    """Writes records to a Dust data source, as documents or as table rows."""

    def run(self, args: list[str]) -> None:
        """Run a command. Exits with 0, with 1 after a failure, or with 128 plus the signal's number."""
        if args[:1] == ["preview"]:
            sys.exit(_preview(args[1:]))
        parsed = self.parse_args(args)
        closed = _closed_descriptors()
        if STANDARD_OUTPUT in closed:
            problem = "The standard output is closed. States and logs go there: redirect it."
            os.write(STANDARD_ERROR, f"{problem}\n".encode())
            os._exit(1)  # the CDK writes to standard output when the interpreter ends
        terminal = Terminal.behind(sys.stderr) if parsed.command == "write" and sys.stderr else None
        # On a terminal that shows both outputs, lines of the protocol replace the live one.
        output = Output(STANDARD_OUTPUT, before=terminal.erase if terminal and os.isatty(STANDARD_OUTPUT) else None)
        log_to(LogLines(output))
        config: Config | None = None
        try:
            if parsed.command == "write":
                with final_report() as report:
                    if STANDARD_INPUT in closed:
                        raise UnreadableInput("The standard input is closed. Pipe the messages of a source into it.")
                    config, catalog = read_config(parsed.config), Catalog.parse(read_json(parsed.catalog))
                    sync = build_sync(
                        config, catalog, Input(STANDARD_INPUT), display=terminal, check_reader=output.check
                    )
                    report.figures = sync.progress.figures
                    signals.wind_down(sync.interrupt, STANDARD_OUTPUT)
                    for line in sync.run():
                        output.line(line)
            else:
                for message in self.run_cmd(parsed):
                    output.message(AirbyteMessageSerializer.dump(message))
        except BrokenPipeError:
            sys.exit(1)  # no one reads our output, so there is no one to inform
        except Interrupted as interrupted:
            logger.warning("%s Everything acknowledged is stored, and the next sync continues from there.", interrupted)
            sys.exit(128 + interrupted.signal_number)
        except Exception as error:
            explanation = _report(error, config, output)
            if terminal and not os.isatty(STANDARD_OUTPUT):
                terminal.say(f"The sync failed. {explanation}")
            sys.exit(1)

    def run_cmd(self, parsed_args: argparse.Namespace) -> Iterable[AirbyteMessage]:
        """The messages of `spec` and `check`."""
        if parsed_args.command == "spec":
            yield AirbyteMessage(type=Type.SPEC, spec=self.spec(logger))
        else:
            status = self.check(logger, read_json(parsed_args.config))
            yield AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=status)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Whether a sync with this configuration could write. Never raises."""
        connection = None
        try:
            parsed = _parsed(config)
            connection = parsed.connection
            check(parsed, client_for_check(parsed))
        except Exception as error:
            logger.debug("Check failed.", exc_info=error)
            message = redact(failures.explain(error, connection))
            return AirbyteConnectionStatus(status=Status.FAILED, message=message)
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterator[AirbyteMessage]:
        """Write messages of a host in the same process, and yield the states that are safe.

        The CDK's messages carry less than a line does (no `id` of a state, for example). Whatever `input_messages`
        raise is raised, and is no end of the input. A thread of its own iterates over them.

        When the generator ends or is closed, its threads and descriptors are given back. Calls under way have some
        seconds to end; the next `write` begins when those that took longer have ended, so none overtakes it.
        """
        catalog = Catalog.parse(ConfiguredAirbyteCatalogSerializer.dump(configured_catalog))
        lines = (exact_json.dumps(AirbyteMessageSerializer.dump(message)) for message in input_messages)
        with closing(written(_parsed(config), catalog, lines)) as states:
            for line in states:
                yield AirbyteMessageSerializer.load(orjson.loads(line))


def _parsed(settings: Mapping[str, Any]) -> Config:
    """Parse a host's settings. Its loggers may be the CDK's, which hide only the secrets that the CDK knows."""
    add_to_secrets(key_in(settings))
    return parse_config(settings)


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


def _preview(args: list[str]) -> str | int:
    """Show records of standard input as they would be written. Returns what to exit with: 0, or an error for people."""
    parser = argparse.ArgumentParser(prog="preview")
    parser.add_argument("--config", required=True)
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--records", type=int, default=3, help="of each stream; default: %(default)s")
    options = parser.parse_args(args)
    log_to_standard_error()
    try:
        config, catalog = read_config(options.config), Catalog.parse(read_json(options.catalog))
        for block in preview(config, catalog, sys.stdin.buffer, records=options.records):
            sys.stdout.write(f"{block}\n")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)  # or Python would complain when it ends
        return 1
    except Exception as error:
        return redact(failures.explain(error, None))
    return 0


def _report(error: Exception, config: Config | None, output: Output) -> str:
    """Log the error for engineers, write it as a TRACE for the user, and return that message."""
    kind = failures.failure_type(error)
    expected = any(isinstance(error, known) for known in failures.FAILURE_TYPES)
    logger.error("%s", type(error).__name__, exc_info=None if expected else error)
    message = redact(failures.explain(error, config.connection if config else None))
    output.failure(message, kind, f"{type(error).__name__}: {error}" if expected else type(error).__name__)
    return message
