"""Work that outlasts a bundle."""

from __future__ import annotations

import threading
import time
from typing import Any

from transforms.feeds.background import UNCLAIMED_SECONDS, WAITING_PER_THREAD, Background, shared_background


def taken(background: Background, key: object) -> Any:
    """Return what came of a key, once it is done."""
    while background.busy(key):
        if (result := background.take(key)) is not None:
            return result
        time.sleep(0.005)
    return None


def test_what_is_done_waits_to_be_taken_once():
    background = Background(1)
    background.begin("a", lambda: 1)
    assert taken(background, "a") == 1
    assert background.take("a") is None
    assert not background.busy("a")


def test_what_is_under_way_is_not_begun_again():
    background, go = Background(1), threading.Event()
    background.begin("a", lambda: go.wait() and "first")
    background.begin("a", lambda: "second")
    assert background.busy("a")
    assert background.take("a") is None
    go.set()
    assert taken(background, "a") == "first"
    background.begin("a", lambda: "third")
    assert taken(background, "a") == "third"


def test_a_failure_is_over_and_may_be_begun_again():
    background = Background(1)
    background.begin("a", lambda: 1 / 0)
    assert taken(background, "a") is None
    background.begin("a", lambda: 2)
    assert taken(background, "a") == 2


def test_only_so_many_results_wait():
    background, ran = Background(1), []
    for number in range(WAITING_PER_THREAD + 3):
        background.begin(number, lambda number=number: ran.append(number) or True)
    background.begin("last", lambda: True)
    while len(ran) < WAITING_PER_THREAD:
        time.sleep(0.005)
    assert len(ran) == WAITING_PER_THREAD  # the next waits until one is taken
    for number in range(WAITING_PER_THREAD + 3):
        assert taken(background, number)
    assert taken(background, "last")


def test_what_nobody_takes_is_dropped():
    clock = [0.0]
    background = Background(1, lambda: clock[0])
    for number in range(WAITING_PER_THREAD):
        background.begin(number, lambda: True)
    while not all(key in background._done for key in range(WAITING_PER_THREAD)):
        time.sleep(0.005)
    clock[0] = UNCLAIMED_SECONDS + 1
    background.begin("next", lambda: True)
    assert taken(background, "next")
    assert not background.busy(0)


def test_a_job_has_one_in_a_process():
    assert shared_background("a", 1) is shared_background("a", 1)
    assert shared_background("a", 1) is not shared_background("b", 1)
