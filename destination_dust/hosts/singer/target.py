"""`target-dust`: the messages of a tap on standard input, its states on standard output once Dust has all before them.

Standard output carries states and nothing else, since whatever runs the target reads the last line there as the state
to go on from. Logs and errors go to standard error.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import replace

from destination_dust import failures, signals
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.output import Output
from destination_dust.config import Config, InvalidConfig
from destination_dust.config.fields import boolean
from destination_dust.config.reading import parse_config, read_json
from destination_dust.hosted import run_after_earlier
from destination_dust.hosts.singer.command_line import REPLACES, about, parse
from destination_dust.hosts.singer.messages import bookmarks_in
from destination_dust.hosts.singer.tap import Tap
from destination_dust.reporting.process_log import log_to_standard_error
from destination_dust.sync import Interrupted
from destination_dust.wiring import build_sync, client_for_syncs

logger = logging.getLogger("airbyte")

STANDARD_INPUT, STANDARD_OUTPUT = 0, 1


def run(arguments: Sequence[str]) -> int:
    """What to exit with: 0, 1 after a failure, or 128 plus the number of the signal that stopped the target."""
    options = parse(arguments)
    if options.about:
        sys.stdout.write(f"{about()}\n")
        return 0
    log_to_standard_error()
    config: Config | None = None
    try:
        config, replaces = _read(options.config)
        _write(config, Tap(Input(STANDARD_INPUT), replaces=replaces))
    except BrokenPipeError:
        return 1  # no one reads our states, so there is no one to inform
    except Interrupted as interrupted:
        logger.warning("%s Everything before the last state is in Dust, and the next run goes on there.", interrupted)
        return 128 + interrupted.signal_number
    except Exception as error:
        expected = isinstance(error, failures.EXPECTED)
        explanation = failures.explain(error, config.connection if config else None)
        logger.error("%s", explanation, exc_info=None if expected else error)
        return 1
    return 0


def _write(config: Config, tap: Tap) -> None:
    """Write stretch after stretch, with one pacer and one set of connections for all of them."""
    output = Output(STANDARD_OUTPUT)
    client = client_for_syncs(config)
    while tap.begin():
        narrowed = replace(config, documents=config.documents.of(plan.stream for plan in tap.catalog))
        sync = build_sync(narrowed, tap.catalog, tap, reader=tap, client=client, check_reader=output.check)
        signals.wind_down(sync.interrupt, STANDARD_OUTPUT)
        for line in run_after_earlier(sync):
            if not tap.withholds:
                output.line(bookmarks_in(line))
        signals.exit_at_once()  # nothing is under way until the next stretch begins


def _read(path: str) -> tuple[Config, bool]:
    """The settings, and whether full tables replace what Dust has of them."""
    settings = read_json(path)
    replaces = boolean(settings, REPLACES, True)
    config = parse_config({name: value for name, value in settings.items() if name != REPLACES})
    if config.end_of_input_is_complete:
        raise InvalidConfig(
            "end_of_input_is_complete is not for Singer, whose input ends alike for all streams of a tap. "
            "ACTIVATE_VERSION says that a table is complete. Remove the setting."
        )
    return config, replaces
