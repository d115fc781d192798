"""Debian's archive: its lists and packages, in a folder that needs no rights on the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Archive:
    """What was fetched lies in the folder, apart from what this machine has, and is not fetched again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        settings = {
            "Acquire::GzipIndexes": "false",  # or each package would be looked up in a compressed file
            "Acquire::Languages": "en",
            "APT::Sandbox::User": "",
            "Dir::Cache": self._folder / "cache",
            "Dir::State::lists": self._folder / "lists",
        }
        self._options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
        for needed in ("lists/partial", "cache/archives/partial", "debs"):
            (self._folder / needed).mkdir(parents=True, exist_ok=True)
        if not list((self._folder / "lists").glob("*Translation-en*")):
            subprocess.run(["apt-get", "--quiet=2", "update", *self._options], check=True)

    def cache(self, *arguments: str) -> str:
        """What apt-cache says."""
        return subprocess.run(
            ["apt-cache", *self._options, *arguments], check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def unpacked(self, package: str) -> Path:
        """The folder with the files of a package, which is not installed."""
        target = self._folder / package
        if not target.exists():
            debs = self._folder / "debs"
            subprocess.run(["apt-get", "--quiet=2", "download", *self._options, package], check=True, cwd=debs)
            (deb,) = debs.glob(f"{package}_*.deb")
            subprocess.run(["dpkg-deb", "--extract", str(deb), str(target)], check=True)
        return target


def fields(stanza: str) -> dict[str, str]:
    """The fields of one package. A line that begins with a blank goes on with the field before it."""
    found: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith(" "):
            found[name] += f"\n{line[1:]}"
        else:
            name, _, value = line.partition(": ")
            found[name] = value
    return found
