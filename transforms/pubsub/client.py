"""Pub/Sub clients, one of each kind a process, for Google Cloud or an emulator."""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import grpc
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

TRANSIENT = (
    exceptions.Aborted,
    exceptions.Cancelled,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)
"""What passes by itself: the server is away, busy or slow."""

MAX_MESSAGE_BYTES = 40 * 1024 * 1024

T = TypeVar("T")
_log = logging.getLogger(__name__)
_making = threading.Lock()


def emulator_host(configured: str | None) -> str | None:
    """Return the emulator to use, if any."""
    return configured or os.environ.get("PUBSUB_EMULATOR_HOST")


def _channel(host: str) -> grpc.Channel:
    return grpc.insecure_channel(
        host,
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_reconnect_backoff_ms", 2000),  # an emulator that is back should be noticed soon
        ],
    )


def _nobody() -> AnonymousCredentials:
    return AnonymousCredentials()  # type: ignore[no-untyped-call]


@functools.cache
def _subscriber(host: str | None) -> SubscriberClient:
    if host is None:
        return SubscriberClient()
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=_channel(host), credentials=_nobody()))


@functools.cache
def _publisher(host: str | None) -> PublisherClient:
    if host is None:
        return PublisherClient()
    return PublisherClient(transport=PublisherGrpcTransport(channel=_channel(host), credentials=_nobody()))


def subscriber(host: str | None) -> SubscriberClient:
    """Return the process's subscriber client for the emulator at `host`, or for Google Cloud."""
    with _making:
        return _subscriber(host)


def publisher(host: str | None) -> PublisherClient:
    """Return the process's publisher client for the emulator at `host`, or for Google Cloud."""
    with _making:
        return _publisher(host)


def ensure_subscription(host: str | None, subscription: str, topic: str, lease_seconds: int) -> None:
    """Make the subscription of `topic` unless it is there."""
    try:
        subscriber(host).create_subscription(
            request={"name": subscription, "topic": topic, "ack_deadline_seconds": lease_seconds}, timeout=30
        )
    except exceptions.AlreadyExists:
        return


def patiently(what: str, call: Callable[[], T], seconds: float) -> T:
    """Return `call()`, tried again with growing pauses for up to `seconds` while the server is away.

    Raises:
      google.api_core.exceptions.GoogleAPICallError: the last failure, or one that waiting doesn't cure.
    """
    end = time.monotonic() + seconds
    pause = 0.1
    while True:
        try:
            return call()
        except TRANSIENT as error:
            if time.monotonic() + pause > end:
                raise
            _log.warning("%s: %s; trying again", what, type(error).__name__)
            time.sleep(pause)
            pause = min(2 * pause, 5)
