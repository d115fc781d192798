"""Run a local Dust from the command line."""

from __future__ import annotations

import argparse
import gc
import json
import signal
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from local_dust.limits import Limits, Ties
from local_dust.server.control_routes import __doc__ as CONTROL_ROUTES
from local_dust.server.local_dust import LocalDust
from local_dust.world import World

STANDARD_OUTPUT = Path("-")
STOPPING = {signal.SIGTERM, signal.SIGINT}

DESCRIPTION = """\
A local server that behaves like Dust's public API (documents and tables of a data source), with its limits and quirks.
It keeps everything in memory. When it is ready it prints its address:

    Local Dust listening on http://127.0.0.1:PORT

Open the address in a browser to see the stored documents and tables. Ctrl-C or SIGTERM stops the server.
Start the connector with the settings that --config writes; GET /__control__/config returns them too. They are the same
in every run, except for the port. If the variable CONTRACT_LOG names a file, all exchanges are recorded there.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal arrives. Exits with 1 if the server cannot start."""
    options = _parser().parse_args(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # for all threads: `sigwait` receives them, however early
    gc.set_threshold(500_000)  # it would scan millions of row objects for nothing
    world = World(server=options.server, seed=options.seed, keep_bodies=options.bodies, **dict(options.limit))
    world.faults.latency = options.latency
    dust = LocalDust(world, port=options.port)
    try:
        dust.start()
    except (OSError, OverflowError) as error:
        sys.exit(f"The local Dust cannot listen on port {options.port}: {error}. Choose another one with --port.")
    try:
        _announce(dust, options.config)
        signal.sigwait(STOPPING)
    finally:
        dust.stop()


def _announce(dust: LocalDust, config: Path | None) -> None:
    settings = json.dumps(dust.config(), indent=2)
    if config and config != STANDARD_OUTPUT:
        config.write_text(settings, encoding="utf-8")
    print(f"Local Dust listening on {dust.url}", flush=True)
    if config == STANDARD_OUTPUT:
        print("Open it in a browser to see what it stores. Ctrl-C stops it.")
        print(f"The connector's settings for it:\n{settings}", flush=True)


def _parser() -> argparse.ArgumentParser:
    limits = textwrap.fill(", ".join(f"{field.name}={field.default}" for field in fields(Limits)), 110)
    parser = argparse.ArgumentParser(
        prog="python -m local_dust",
        description=DESCRIPTION,
        epilog=f"limits and their defaults:\n{textwrap.indent(limits, '  ')}\n\ncontrol: {CONTROL_ROUTES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--config", metavar="FILE", type=Path, help="write the connector's settings there; - prints")
    parser.add_argument(
        "--server",
        choices=["hono", "legacy"],
        default="hono",
        help="Dust's current server (the default) or the last one",
    )
    parser.add_argument("--latency", type=float, default=0.0, help="seconds by which every answer is delayed")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random choices, such as the order of rows")
    parser.add_argument("--no-bodies", dest="bodies", action="store_false", help="keep request bodies out of the log")
    parser.add_argument(
        "--limit",
        metavar="NAME=VALUE",
        type=_limit,
        action="append",
        default=[],
        help="change a limit, e.g. quiet_seconds=0.5; null switches one off; may be repeated",
    )
    return parser


def _limit(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    types = {field.name: field.type for field in fields(Limits)}
    if name not in types:
        raise argparse.ArgumentTypeError(f"no such limit: {name}")
    if name == "ties":
        if value not in get_args(Ties):
            raise argparse.ArgumentTypeError(f"{name} is one of {', '.join(get_args(Ties))}")
        return name, value
    if value == "null" and "None" in str(types[name]):
        return name, None
    try:
        return name, float(value) if "float" in str(types[name]) else int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{name} is a number, not {value!r}") from None


if __name__ == "__main__":
    main()
