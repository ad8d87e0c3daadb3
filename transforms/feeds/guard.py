"""Connections that go only where they may: the address connected to is the one that was checked.

A name is resolved once, each of its addresses is checked, and the connection is made to a checked address, so a name
server that changes its answer (DNS rebinding) gains nothing. TLS still verifies the host's name.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

Resolver = Callable[[str, int], list[str]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddressError(Exception):
    """The host is at an address that must not be connected to."""


class UnknownHostError(Exception):
    """The host's name has no address.

    Args:
      message: one line.
      passing: no name server answered; another attempt may succeed.
    """

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing


class BudgetSpentError(Exception):
    """The time for a feed is over."""


class StoppedError(Exception):
    """The run is being stopped."""


class Budget:
    """The time that one feed may take, and whether to give up at once.

    Args:
      seconds: time from now.
      stop: set when the whole run is being stopped.
    """

    def __init__(self, seconds: float, stop: threading.Event) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._stop = stop

    def remaining(self) -> float:
        """Return the seconds left.

        Raises:
          StoppedError: the run is being stopped.
          BudgetSpentError: none is left.
        """
        if self._stop.is_set():
            raise StoppedError("stopped")
        left = self._end - time.monotonic()
        if left <= 0:
            raise BudgetSpentError(f"not done within {self.seconds:g} s in all")
        return left

    def spent(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end

    def extend(self, seconds: float) -> None:
        """Give back time that was spent waiting for others."""
        self._end += seconds

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the budget and not beyond a stop."""
        self._stop.wait(min(seconds, self.remaining()))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet.

    IPv4 addresses inside IPv6 ones (mapped, 6to4, Teredo, NAT64) are judged as themselves.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        embedded = [part for part in inner if part is not None]
        if embedded:
            return all(is_public(str(part)) for part in embedded)
    unusual = ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_link_local or ip.is_unspecified
    return ip.is_global and not unusual


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, in the order to try.

    Raises:
      OSError: the name is not known, or no name server answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only, within a budget of time.

    Args:
      budget: the time left, checked at every read and write.
      allow_private: connect to any address.
      resolver: host and port to addresses.
    """

    def __init__(self, budget: Budget, *, allow_private: bool, resolver: Resolver = resolve) -> None:
        self._budget = budget
        self._allow_private = allow_private
        self._resolver = resolver
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of `host` that answers.

        Raises:
          ForbiddenAddressError: none of its addresses may be connected to.
          UnknownHostError: its name has no address.
          httpcore.ConnectError: none of its addresses answers.
        """
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._permitted(host, port):
            try:
                stream = self._backend.connect_tcp(
                    address, port, _least(timeout, self._budget), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _BudgetedStream(stream, self._budget)
        raise failure

    def _permitted(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolver(host.strip("[]"), port)
        except (OSError, UnicodeError) as error:
            passing = isinstance(error, OSError) and error.errno == socket.EAI_AGAIN
            raise UnknownHostError(f"no address found for {host}: {error}", passing=passing) from None
        permitted = [address for address in addresses if self._allow_private or is_public(address)]
        if addresses and not permitted:
            raise ForbiddenAddressError(
                f"{host} is at {addresses[0]}, not a public address; allow_private: true would permit it"
            )
        return permitted

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Refuse: feeds never come from sockets of this machine."""
        raise ForbiddenAddressError("no unix sockets")

    def sleep(self, seconds: float) -> None:
        """Wait within the budget."""
        self._budget.sleep(seconds)


class _BudgetedStream(httpcore.NetworkStream):
    """A connection whose every operation ends when the budget does, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _least(timeout, self._budget))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _least(timeout, self._budget))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _least(timeout, self._budget))
        return _BudgetedStream(stream, self._budget)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _least(timeout: float | None, budget: Budget) -> float:
    left = budget.remaining()
    return left if timeout is None else min(timeout, left)
