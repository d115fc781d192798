"""Runs all benchmarks, or those that are named: `python -m benchmarks [name ...]`."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main() -> None:
    """Run each module of this package that has a `main`, and end with 1 if one of them fails."""
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__"]
    failed = []
    for name in sys.argv[1:] or known:
        run = getattr(importlib.import_module(f"benchmarks.{name}"), "main", None)
        if run is None:
            continue
        print(f"== {name}", flush=True)
        try:
            run()
        except AssertionError as error:
            print(f"FAILED: {error}", flush=True)
            failed.append(name)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
