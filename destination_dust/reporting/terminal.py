"""The live display on the terminal: one line that is kept up to date, and a table at the end.

It is on standard error; standard output belongs to the protocol. It is for reading only, so neither an error
of the terminal nor a paused terminal may block or end a sync.
"""

from __future__ import annotations

import os
import select
from collections.abc import Mapping
from typing import TextIO
from unicodedata import east_asian_width

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.permit import PacerStatus
from destination_dust.reporting.counts import Counts
from destination_dust.reporting.progress import duration, wait_to_show

# Seconds between two updates of the line.
LIVE_INTERVAL = 0.25
ALWAYS_SHOWN = ("read", "upserted", "deleted", "rejected")
COLUMNS = ("read", "upserted", "unchanged", "superseded", "deleted", "stale", "rejected")
LONGEST_NAME = 40

_TO_LINE_END = "\x1b[K"


class Terminal:
    """Shows a sync on the terminal behind a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def behind(cls, stream: TextIO) -> Terminal | None:
        """The terminal that a stream writes to, if it can return to the beginning of a line."""
        try:
            capable = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
            return cls(stream.fileno()) if capable else None
        except (OSError, ValueError):
            return None

    def live(self, done: Counts, seconds: float, status: PacerStatus, trouble: str) -> None:
        """Replace the line: the counts after so many seconds, and what the rest waits for."""
        if not self._in_foreground():
            return
        line = _printable(status_line(done, seconds, status, trouble))
        width = self._width() - 1
        shown = line if len(line) <= width else f"{line[: max(width - 1, 0)]}…"
        # The cursor goes back to the beginning, so that whatever else is printed replaces the line.
        self._write(f"\r{shown}{_TO_LINE_END}\r")

    def report(self, streams: Mapping[StreamKey, Counts], seconds: float) -> None:
        """Replace the line by a table of what became of each stream."""
        self._write(f"\r{_TO_LINE_END}{table(streams)}\nAfter {duration(seconds)}.\n" if streams else _TO_LINE_END, 1.0)

    def say(self, message: str) -> None:
        """Print a message on its own lines."""
        lines = "\n".join(_printable(line) for line in message.splitlines())
        self._write(f"\r{_TO_LINE_END}{lines}\n", 1.0)

    def erase(self) -> None:
        """Remove the line, because something else is about to be printed here."""
        self._write(f"\r{_TO_LINE_END}")

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # another session's terminal, where nothing is in the background
            return True

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._descriptor).columns or 80
        except OSError:
            return 80

    def _write(self, text: str, timeout: float = 0.0) -> None:
        try:
            room = select.poll()
            room.register(self._descriptor, select.POLLOUT)
            if room.poll(timeout * 1000):
                os.write(self._descriptor, text.encode("utf-8", "replace"))
        except OSError:
            pass  # the terminal is gone


def status_line(done: Counts, seconds: float, status: PacerStatus, trouble: str) -> str:
    """The most important comes first: a narrow terminal cuts off the rest."""
    stored = done.upserted + done.deleted + done.stale
    shown = {"read": done.read, "stored": stored, "unchanged": done.unchanged, "rejected": done.rejected}
    parts = [f"{count} {what}" for what, count in shown.items() if count or what in ("read", "stored")]
    if done.unsettled:
        beyond = done.unsettled - max(status.share - status.calls, 0)
        eta = f" in about {duration(60 * beyond / max(status.share, 1))}" if status.wait and beyond > 0 else ""
        parts.append(f"{done.unsettled} to go{eta}")
    if seconds >= 60:
        parts.append(f"{stored * 60 / seconds:.0f} a minute")
    line = f"{duration(seconds)}: {', '.join(parts)}"
    if trouble:
        return f"{line}; {trouble}"
    wait = wait_to_show(status, done.unsettled)
    return f"{line}; waiting because {wait.reason.value}" if wait else line


def table(streams: Mapping[StreamKey, Counts]) -> str:
    """Counts by stream, in columns. A column of zeros is left out unless it is one of the most important."""
    total = sum(streams.values(), Counts())
    columns = [name for name in COLUMNS if name in ALWAYS_SHOWN or getattr(total, name)]
    rows = [["stream", *columns]]
    rows += [[_shortened(_printable(str(stream))), *_figures(counts, columns)] for stream, counts in streams.items()]
    if len(streams) > 1:
        rows.append(["total", *_figures(total, columns)])
    widths = [max(map(_width_of, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            _padded(cell, width, left=not place) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _figures(counts: Counts, columns: list[str]) -> list[str]:
    return [str(getattr(counts, name)) for name in columns]


def _printable(text: str) -> str:
    """A text without control characters, which a terminal would obey."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _width_of(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int, *, left: bool) -> str:
    blanks = " " * (width - _width_of(text))
    return text + blanks if left else blanks + text
