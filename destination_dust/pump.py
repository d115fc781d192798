"""The messages of a host in the same process, as an input that the loop can wait for together with everything else."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

# The reader rejects this line; a mere end of the input would look like a source that finished.
NOT_THE_END = b"{\n"
CHUNK = 64 * 1024


@contextmanager
def pump(lines: Iterable[bytes], *, grace: float = 10.0) -> Iterator[int]:
    """A descriptor from which lines can be read as from standard input, fed by its own thread.

    Its end proves that `lines` ended without raising. Whatever they raise is raised at the end of the context, instead
    of the reader's error. Lines that are still to come then are dropped: the thread has `grace` seconds to end, and is
    left behind if `lines` do not let go of it.
    """
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    stopping = threading.Event()
    failures: list[BaseException] = []

    def feed() -> None:
        with pipe:
            try:
                for line in lines:
                    if stopping.is_set():
                        return
                    pipe.write(line + b"\n")
                    pipe.flush()
            except BaseException as error:
                if not stopping.is_set():
                    failures.append(error)
                    pipe.write(NOT_THE_END)

    thread = threading.Thread(target=feed, name="dust-pump", daemon=True)
    try:
        thread.start()
        yield reading
    finally:
        stopping.set()
        until = time.monotonic() + grace
        if thread.ident is None:
            pipe.close()
        else:
            # Closing our end instead would be a signal to the process (SIGPIPE), which some hosts let kill it.
            _read_to_the_end(reading, until)
            thread.join(max(until - time.monotonic(), 0.0))
        os.close(reading)
        if failures:
            raise failures[0]


def _read_to_the_end(descriptor: int, until: float) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        if poll.poll(left * 1000) and not os.read(descriptor, CHUNK):
            return
