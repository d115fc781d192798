"""Measure how well documents are found, by settings, and print a table. Exits with 1 if a promise is not kept."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.findability.archive import Archive
from benchmarks.findability.figures import difference, mrr
from benchmarks.findability.items import Set
from benchmarks.findability.packages import packages
from benchmarks.findability.pages import faq, manual
from benchmarks.findability.settings import AUTO, CHOSEN, JSON, written

SEARCH = Path(__file__).with_name("search.py")
# By model and set, how many records: as many as two cores embed in an hour.
RUNS = (
    ("MiniLM", packages, 200),
    ("MiniLM", faq, 100),
    ("MiniLM", manual, 60),
    ("e5", faq, 30),
    ("e5", packages, 60),
)
# What `auto` must reach of the MRR of a person's choice, and with MiniLM of that of `json`.
OF_CHOICE, OF_JSON = 0.97, 1.05
PROMISED = ("packages", "Perl's FAQ")


def main() -> None:
    """Run the benchmark."""
    options = _options()
    if not shutil.which("apt-cache"):
        sys.exit("The records come from Debian's archive: this needs Debian or Ubuntu, with apt and perl.")
    started = time.monotonic()
    archive = Archive(options.folder)
    print("| set | settings | MRR | than `json` [95 %] | recall@1 | chunks per record |\n|---|---|---|---|---|---|")
    broken: list[str] = []
    for model, collect, count in RUNS:
        if model not in options.models or collect.__name__ not in options.sets:
            continue
        each = collect(archive, min(count, options.count))
        found = _search(options.python, options.folder / "vectors.db", model, each)
        print("\n".join(_rows(f"{each.name}, {len(each.items)}, {model}", found["settings"])), flush=True)
        broken += _broken_promises(model, each, found["settings"])
    print(
        f"\n{platform.machine()}, {os.cpu_count()} CPUs, {', '.join(found['versions'])}; "
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {time.monotonic() - started:.0f} s."
    )
    sys.exit("\n".join(broken) or None)


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="benchmarks.findability", description=__doc__)
    parser.add_argument("--python", required=True, help="a Python that has requirements.txt of this folder")
    parser.add_argument("--folder", type=Path, required=True, help="where what comes from Debian's archive is kept")
    parser.add_argument(
        "--count", type=int, default=1000, help="the most records of a set (default: as many as it has)"
    )
    parser.add_argument("--models", nargs="+", default=["MiniLM", "e5"], help="default: %(default)s")
    parser.add_argument("--sets", nargs="+", default=["packages", "faq", "manual"], help="default: %(default)s")
    return parser.parse_args()


def _search(python: str, cache: Path, model: str, each: Set) -> dict[str, Any]:
    questions = [item.question for item in each.items]
    given = json.dumps({"model": model, "cache": str(cache), "questions": questions, "sections": written(each)})
    done = subprocess.run([python, str(SEARCH)], input=given, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _rows(name: str, settings: dict[str, dict[str, list[int]]]) -> Iterator[str]:
    for shape, found in settings.items():
        ranks = found["ranks"]
        gain = "" if shape == JSON else str(difference(ranks, settings[JSON]["ranks"]))
        first = fmean(rank == 1 for rank in ranks)
        yield f"| {name} | {shape} | {mrr(ranks):.3f} | {gain} | {first:.3f} | {fmean(found['chunks']):.2f} |"


def _broken_promises(model: str, each: Set, settings: dict[str, dict[str, list[int]]]) -> Iterator[str]:
    auto, chosen, json_ranks = (settings[name]["ranks"] for name in (AUTO, CHOSEN, JSON))
    if difference(auto, json_ranks).high < 0:
        yield f"{each.name}, {model}: auto does worse than json."
    if each.name in PROMISED and mrr(auto) < OF_CHOICE * mrr(chosen):
        yield f"{each.name}, {model}: auto has less than {OF_CHOICE} of the MRR of a person's choice."
    if each.name in PROMISED and model == "MiniLM" and mrr(auto) < OF_JSON * mrr(json_ranks):
        yield f"{each.name}, {model}: auto has less than {OF_JSON} times the MRR of json."


if __name__ == "__main__":
    main()
