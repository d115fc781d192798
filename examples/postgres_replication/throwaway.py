"""A PostgreSQL that lives as long as a context: for the demo and the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Nothing of it is to be kept, so it need not wait for the disk.
OPTIONS = "wal_level=logical fsync=off synchronous_commit=off max_replication_slots=100 listen_addresses=''"


@contextmanager
def postgres(**options: str) -> Iterator[str]:
    """The DSN of a new server, which listens on a socket in a folder of its own. `options`: of the server."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    as_owner: list[str] = []
    if os.geteuid() == 0:  # as root, PostgreSQL does not run
        as_owner = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    data, log = folder / "data", folder / "log"
    named = " ".join(
        f"-c {each}" for each in [*OPTIONS.split(), *(f"{name}={value}" for name, value in options.items())]
    )
    control: list[str | Path] = [*as_owner, programs / "pg_ctl", "-D", data, "-l", log, "-w"]
    try:
        _run(
            *as_owner,
            programs / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "postgres",
            "-N",
            "--no-locale",
            "-E",
            "UTF8",
        )
        _run(*control, "-o", f"-k {folder} {named}", "start")
        try:
            yield f"host={folder} user=postgres dbname=postgres"
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of the server's programs, which Debian does not have on the PATH."""
    if found := shutil.which("pg_ctl"):
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not folders:
        raise FileNotFoundError("There is no PostgreSQL server here: apt-get install postgresql")
    return folders[-1].parent


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
