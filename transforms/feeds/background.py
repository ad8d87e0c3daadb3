"""Work of a process that outlasts a bundle: a bundle begins it, a later one takes what came of it.

So a slow feed holds up neither its neighbours nor the watermark. What is under way here is no state: where a process
ends, its bundles find nothing under way in the next one and begin again.
"""

from __future__ import annotations

import functools
import logging
import queue
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

_log = logging.getLogger(__name__)

UNCLAIMED_SECONDS = 600.0
"""What nobody takes for so long is dropped: its taker has moved to another process."""
WAITING_PER_THREAD = 4
"""Results that may wait to be taken, for each thread; then threads wait, too."""


class Background:
    """Runs functions in daemon threads, each under a key, and keeps what they return until it is taken.

    Args:
      threads: how many run at once.
      now: a clock (for tests).
    """

    def __init__(self, threads: int, now: Callable[[], float] = time.monotonic) -> None:
        self.stop = threading.Event()
        """Set when all that is under way should end soon; the functions look at it."""
        self._now = now
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(threads * WAITING_PER_THREAD)
        self._queue: queue.SimpleQueue[tuple[Hashable, Callable[[], Any]]] = queue.SimpleQueue()
        self._under_way: set[Hashable] = set()
        self._done: dict[Hashable, tuple[Any, float]] = {}
        for number in range(threads):
            threading.Thread(target=self._work, name=f"feeds {number}", daemon=True).start()

    def begin(self, key: Hashable, function: Callable[[], Any]) -> None:
        """Have `function` run, unless something with this key is under way or waits to be taken."""
        with self._lock:
            self._forget()
            if key in self._under_way or key in self._done:
                return
            self._under_way.add(key)
        self._queue.put((key, function))

    def busy(self, key: Hashable) -> bool:
        """Tell whether something with this key is under way or waits to be taken."""
        with self._lock:
            return key in self._under_way or key in self._done

    def take(self, key: Hashable) -> Any:
        """Return and forget what the function returned; None while it is under way, or where there was none."""
        with self._lock:
            if key not in self._done:
                return None
            result, _ = self._done.pop(key)
        self._room.release()
        return result

    def _forget(self) -> None:
        since = self._now() - UNCLAIMED_SECONDS
        for key in [key for key, (_, at) in self._done.items() if at < since]:
            del self._done[key]
            self._room.release()

    def _work(self) -> None:
        while True:
            key, function = self._queue.get()
            self._room.acquire()
            result = None
            try:
                result = function()
            except Exception:
                _log.exception("%s failed", key)
            with self._lock:
                self._under_way.discard(key)
                if result is not None:
                    self._done[key] = (result, self._now())
            if result is None:
                self._room.release()


@functools.cache
def _shared(job: str, threads: int) -> Background:
    return Background(threads)


_making = threading.Lock()


def shared_background(job: str, threads: int) -> Background:
    """Return the one that all bundles of a job share in this process."""
    with _making:
        return _shared(job, threads)
