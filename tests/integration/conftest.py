"""Servers for the tests, started once; one that can't be had skips its tests, saying why; in CI that fails them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from servers import Postgres, Prism, PubSub, Server, UnavailableError


def started(kind: type[Server]) -> Iterator[Server]:
    try:
        server = kind()
        server.start()
    except UnavailableError as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{kind.name}: {reason}")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    yield from started(Postgres)  # type: ignore[misc]


@pytest.fixture(scope="session")
def pubsub() -> Iterator[PubSub]:
    yield from started(PubSub)  # type: ignore[misc]


@pytest.fixture(scope="session")
def prism() -> str:
    try:
        return str(Prism.fetch())
    except UnavailableError as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"prism: {reason}")
