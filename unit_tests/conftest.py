"""Fixtures that tests of several folders share."""

from __future__ import annotations

import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes says something about the machine, nothing about the code.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


@dataclass
class TemporaryFiles:
    """The folder for temporary files, and the mode of each file at the moment when it lost its name."""

    folder: Path
    modes: list[int] = field(default_factory=list)


@pytest.fixture
def temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TemporaryFiles:
    """Have temporary files made in a folder of the test."""
    files = TemporaryFiles(tmp_path)
    unlink = Path.unlink

    def seen(path: Path) -> None:
        files.modes.append(stat.S_IMODE(path.stat().st_mode))
        unlink(path)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "unlink", seen)
    return files
