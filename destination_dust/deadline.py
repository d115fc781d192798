"""Work that may take as long as it likes, and a caller that does not wait for it for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable


def ends_within(seconds: float, work: Callable[[], None]) -> bool:
    """Whether work ends in time, on a thread of its own. Raises what the work raises.

    Late work is left to itself: nothing can stop a thread that waits for a name server or for the header of an
    answer. The end of the process does not wait for it.
    """
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="dust-deadline", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # there is no thread to be had
        work()
        return True
    thread.join(seconds)
    if thread.is_alive():
        return False
    if errors:
        raise errors[0]
    return True
