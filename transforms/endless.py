"""What sources that never end have in common: event time by the clock, and knowing when what they gave is stored."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker
from apache_beam.pvalue import PCollection
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.timestamp import Timestamp


class InFlight:
    """Counts the messages of this process that are not stored yet: for backpressure, and to know when it is done.

    An entry is forgotten when it has not been renewed for its time, so that what goes on in another process, or was
    cut short by a failure, is not waited for for ever.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._pulled: dict[str, float] = {}
        self._waiting: dict[str, tuple[int, float]] = {}
        self._draining = False

    def pulled(self, key: str, seconds: float) -> None:
        """Note that a receipt is on its way to the stage behind the sinks."""
        with self._lock:
            self._pulled[key] = self._now() + seconds

    def add(self, key: str, messages: int, seconds: float) -> None:
        """Note, or renew, that the stage behind the sinks holds the receipt of so many messages in this process."""
        with self._lock:
            self._pulled.pop(key, None)
            self._waiting[key] = (messages, self._now() + seconds)

    def remove(self, key: str) -> None:
        """Note that a receipt was dealt with."""
        with self._lock:
            self._pulled.pop(key, None)
            self._waiting.pop(key, None)

    def messages(self) -> int:
        """Return how many messages the stage behind the sinks holds in this process."""
        with self._lock:
            self._forget()
            return sum(messages for messages, _ in self._waiting.values())

    def idle(self) -> bool:
        """Tell whether nothing that was pulled or held here is left to be stored."""
        with self._lock:
            self._forget()
            return not (self._pulled or self._waiting)

    def _forget(self) -> None:
        now = self._now()
        self._pulled = {key: until for key, until in self._pulled.items() if until > now}
        self._waiting = {key: (messages, until) for key, (messages, until) in self._waiting.items() if until > now}

    @property
    def draining(self) -> bool:
        """Whether no more messages are to be taken."""
        return self._draining

    def drain(self) -> None:
        """Take no more messages; `idle()` tells when all that were taken are stored and acknowledged."""
        self._draining = True

    def reset(self) -> None:
        """Begin anew, as for another pipeline in the same process."""
        with self._lock:
            self._pulled.clear()
            self._waiting.clear()
            self._draining = False


IN_FLIGHT = InFlight()
"""Of this process. A pipeline whose workers are elsewhere has its backpressure and its drain from its runner."""


class EndlessTracker(RestrictionTracker):
    """Tracks work that never ends: any claim succeeds until the runner or the DoFn itself asks for a checkpoint."""

    def __init__(self, restriction: Any) -> None:
        self._restriction = restriction
        self._checkpointed = False

    def current_restriction(self) -> Any:
        return self._restriction

    def try_claim(self, position: Any) -> bool:
        return not self._checkpointed

    def try_split(self, fraction_of_remainder: float) -> tuple[Any, Any] | None:
        if fraction_of_remainder or self._checkpointed:
            return None
        self._checkpointed = True
        return self._restriction, self._restriction

    def check_done(self) -> bool:
        if not self._checkpointed:
            raise ValueError("endless work ended without a checkpoint")
        return True

    def current_progress(self) -> RestrictionProgress:
        # A fraction, not an amount: Beam would put its own count of output bytes in the amount's place, which is NaN
        # while the first element is on its way, and a bundle that a busy runner asks to split just then would fail.
        return RestrictionProgress(fraction=0.0)

    def is_bounded(self) -> bool:
        return False


class EndlessRestrictions(RestrictionProvider):
    """What the restrictions of endless work have in common; the first of them and its coder are the source's own."""

    def create_tracker(self, restriction: Any) -> EndlessTracker:
        return EndlessTracker(restriction)

    def restriction_size(self, element: Any, restriction: Any) -> int:
        return 1

    def truncate(self, element: Any, restriction: Any) -> None:
        """Stop when the runner drains the job."""


def to_milliseconds(seconds: float) -> Timestamp:
    """Return a Beam timestamp in whole milliseconds, which is all that runners keep of an element's time."""
    return Timestamp(micros=int(seconds * 1000) * 1000)


def advance(watermark: Any) -> Timestamp:
    """Move a source's watermark to now and return it; a clock that is set back does not move it back."""
    now = to_milliseconds(time.time())
    current = watermark.current_watermark()
    if current is not None and current >= now:
        return current  # type: ignore[no-any-return]
    watermark.set_watermark(now)
    return now


def with_what_is_stored(receipts: PCollection[Any], stored: Iterable[PCollection[Any]], kind: Any) -> PCollection[Any]:
    """Return the receipts, behind a watermark that is no further than those of all that writes.

    An event-time timer that is set behind this fires when everything that arrived before its time is stored.

    Args:
      receipts: keyed, of a source.
      stored: the outputs of all sinks; their elements don't matter.
      kind: type of a receipt with its key.
    """
    signals = [
        one
        | f"into one window {i}" >> beam.WindowInto(GlobalWindows())
        | f"only its time {i}" >> beam.FlatMap(_nothing).with_output_types(kind)
        for i, one in enumerate(stored)
    ]
    together: PCollection[Any] = (receipts, *signals) | "with what is stored" >> beam.Flatten()
    return together


def _nothing(_: Any) -> tuple[()]:
    return ()
