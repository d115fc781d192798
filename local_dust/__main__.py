"""Run a local Dust from the command line."""

from __future__ import annotations

import argparse
import gc
import json
import signal
import threading
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from types import FrameType
from typing import Any

from local_dust.limits import Limits
from local_dust.server.control_routes import __doc__ as CONTROL_ROUTES
from local_dust.server.local_dust import LocalDust
from local_dust.world import World

STANDARD_OUTPUT = Path("-")

DESCRIPTION = """\
A local server that behaves like Dust's public API (documents and tables of a data source), limits and quirks
included. It keeps everything in memory. When it is ready it prints one line:

    Local Dust listening on http://127.0.0.1:PORT

Point the connector at it with the settings that --config writes or prints (GET /__control__/config has them, too).
Its page shows what it holds. SIGTERM and SIGINT stop it. If the variable CONTRACT_LOG names a file, all exchanges are
recorded there.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal comes."""
    options = _parser().parse_args(arguments)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 the signature of a signal handler
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    gc.set_threshold(500_000)  # rows are millions of objects that it would look through for nothing
    world = World(server=options.server, seed=options.seed, keep_bodies=options.bodies, **dict(options.limit))
    world.faults.latency = options.latency
    with LocalDust(world, port=options.port) as dust:
        if options.config and options.config != STANDARD_OUTPUT:
            options.config.write_text(json.dumps(dust.config()), encoding="utf-8")
        print(f"Local Dust listening on {dust.url}", flush=True)
        if options.config == STANDARD_OUTPUT:
            print(f"Settings for the connector: {json.dumps(dust.config())}", flush=True)
        stopping.wait()


def _parser() -> argparse.ArgumentParser:
    names = ", ".join(f"{field.name}={field.default}" for field in fields(Limits))
    parser = argparse.ArgumentParser(
        prog="python -m local_dust",
        description=DESCRIPTION,
        epilog=f"limits: {names}\n\ncontrol: {CONTROL_ROUTES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--config", metavar="FILE", type=Path, help="where to write the connector's settings; - prints")
    parser.add_argument("--server", choices=["hono", "legacy"], default="hono", help="which server to be")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every answer takes")
    parser.add_argument("--seed", type=int, default=0, help="of what is left to chance")
    parser.add_argument(
        "--no-bodies", dest="bodies", action="store_false", help="do not keep request bodies in the log"
    )
    parser.add_argument(
        "--limit",
        metavar="NAME=VALUE",
        type=_limit,
        action="append",
        default=[],
        help="change a limit, e.g. quiet_seconds=0.5; null switches one off; may be given several times",
    )
    return parser


def _limit(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    if name not in {field.name for field in fields(Limits)}:
        raise argparse.ArgumentTypeError(f"no such limit: {name}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


if __name__ == "__main__":
    main()
