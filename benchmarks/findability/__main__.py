"""Measure how well documents are found, by settings, and print the table. Exits with 1 if a promise is not kept."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.findability.packages import packages
from benchmarks.findability.settings import CHOSEN, DEFAULT, PLAIN, WRITERS

SEARCH = Path(__file__).with_name("search.py")
# What README promises to those who choose the text.
GAIN = 1.08


def main() -> None:
    """Run the benchmark."""
    options = _options()
    if not shutil.which("apt-cache"):
        sys.exit("The records are descriptions of Debian packages: this needs Debian or Ubuntu, with apt.")
    started = time.monotonic()
    records = packages(options.folder, options.count)
    texts = {name: [write(package.record) for package in records] for name, write in WRITERS.items()}
    found = _search(options.python, [package.question for package in records], texts)
    print(_table(found["settings"]))
    print(
        f"\n{len(records)} packages, one question each; "
        f"{platform.machine()}, {os.cpu_count()} CPUs, {', '.join(found['versions'])}; "
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {time.monotonic() - started:.0f} s."
    )
    sys.exit(_broken_promise({name: figures["mrr"] for name, figures in found["settings"].items()}))


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="benchmarks.findability", description=__doc__)
    parser.add_argument("--python", required=True, help="a Python that has requirements.txt of this folder")
    parser.add_argument("--folder", type=Path, required=True, help="where Debian's lists of packages are kept")
    parser.add_argument("--count", type=int, default=3000, help="records (default: %(default)s)")
    return parser.parse_args()


def _search(python: str, questions: list[str], texts: dict[str, list[str]]) -> dict[str, Any]:
    given = json.dumps({"questions": questions, "texts": texts})
    done = subprocess.run([python, str(SEARCH)], input=given, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _table(settings: dict[str, dict[str, float]]) -> str:
    rows = ["| settings | MRR | than JSON | recall@1 | chunks per record |", "|---|---|---|---|---|"]
    for name, figures in settings.items():
        gain = figures["mrr"] / settings[PLAIN]["mrr"] - 1
        first, chunks = figures["recall@1"], figures["chunks"]
        rows.append(f"| {name} | {figures['mrr']:.3f} | {gain:+.1%} | {first:.3f} | {chunks:.2f} |")
    return "\n".join(rows)


def _broken_promise(mrr: dict[str, float]) -> str | None:
    if mrr[DEFAULT] < mrr[PLAIN]:
        return "The default settings do worse than plain JSON."
    if mrr[CHOSEN] < GAIN * mrr[DEFAULT]:
        return f"Chosen text in Markdown does less than {GAIN} times as well as JSON."
    return None


if __name__ == "__main__":
    main()
