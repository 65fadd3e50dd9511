"""The open connections of the receiver, and which of them end when they are too many. Pure: the caller closes them.

Anyone can open a connection, and only a verified delivery shows that its sender is the app. So nobody is refused: a new
connection takes the place of an old one. With a limit of four connections, and an allowance of two for each network:

    open: from a at 0 s, from b at 1 s, 2 s and 3 s; new: from c    → the one from b at 1 s ends
    open: from a at 0 s, from b at 1 s and 2 s, from d; new: from c → the one from a ends
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_IPV6_PREFIX_BITS = 64
"""Bits of an IPv6 address that are the same for all addresses of one sender: providers assign whole /64 networks."""


class ConnectionPhase(Enum):
    """The phase of a connection."""

    UNVERIFIED = auto()
    """It is new, or its next request has begun, and the request is not complete."""
    STORING = auto()
    """Its request is complete and waits for the response."""
    DELIVERED = auto()
    """Its last request was a verified delivery, and the next one has not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRecord:
    """A connection: its sender's network, since when it is in its phase, and the bytes of an incomplete request."""

    network: str
    since: float
    phase: ConnectionPhase = ConnectionPhase.UNVERIFIED
    request_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class ConnectionTable(Generic[_K]):
    """The open connections: at most `max_connections`, with at most `max_bytes` of incomplete requests.

    At the limit, unverified connections of a network in excess of its `allowance` end before all others. The methods that
    return connections have removed these; the caller closes them. `evicted` counts them. Times must not decrease.
    """

    max_connections: int
    allowance: int
    max_bytes: int
    records: dict[_K, ConnectionRecord] = field(default_factory=dict)
    """In the order of `since`."""
    evicted: int = 0
    _unverified: Counter[str] = field(default_factory=Counter)
    """The number of unverified connections of each network."""
    _bytes: int = 0

    def open(self, connection: _K, address: str, now: float) -> list[_K]:
        """Add a connection, and return the one that ends for it: itself if all others wait for their response."""
        excess = []
        if len(self.records) >= self.max_connections:
            oldest = self._find_oldest()
            excess = [connection if oldest is None else oldest]
        self._set(connection, ConnectionRecord(network=network_of(address), since=now))
        return self._evict(excess)

    def receive(self, connection: _K, size: int, now: float) -> list[_K]:
        """Record that bytes arrived, and return the connections that end because all have sent too many."""
        record = self.records.get(connection)
        if record is None:
            return []
        if record.phase is ConnectionPhase.DELIVERED:
            record = replace(record, phase=ConnectionPhase.UNVERIFIED, since=now)
        self._set(connection, replace(record, request_bytes=record.request_bytes + size))
        return self._evict(self._find_largest())

    def complete(self, connection: _K) -> None:
        """Record that a request is complete and waits for the response."""
        if record := self.records.get(connection):
            self._set(connection, replace(record, phase=ConnectionPhase.STORING, request_bytes=0))

    def respond(self, connection: _K, now: float, *, delivered: bool) -> None:
        """Record the response to a request; `delivered` if that was a verified delivery."""
        if record := self.records.get(connection):
            phase = ConnectionPhase.DELIVERED if delivered else ConnectionPhase.UNVERIFIED
            since = now if delivered else record.since
            self._set(connection, replace(record, phase=phase, since=since, request_bytes=0))

    def close(self, connection: _K) -> None:
        """Remove a connection that has ended."""
        if record := self.records.pop(connection, None):
            self._count(record, -1)

    def waiting(self) -> list[_K]:
        """Return the connections whose request is not complete."""
        return [name for name, record in self.records.items() if record.phase is not ConnectionPhase.STORING]

    def _set(self, connection: _K, record: ConnectionRecord) -> None:
        former = self.records.get(connection)
        if former is not None:
            self._count(former, -1)
            if former.since != record.since:
                del self.records[connection]  # it becomes the last one
        self.records[connection] = record
        self._count(record, 1)

    def _count(self, record: ConnectionRecord, sign: int) -> None:
        if record.phase is ConnectionPhase.UNVERIFIED:
            self._bytes += sign * record.request_bytes
            self._unverified[record.network] += sign
            if not self._unverified[record.network]:
                del self._unverified[record.network]

    def _evict(self, connections: list[_K]) -> list[_K]:
        for connection in connections:
            self.close(connection)
        self.evicted += len(connections)
        return connections

    def _find_oldest(self) -> _K | None:
        """Return the connection to end for a new one; None if all wait for their response.

        It is the oldest unverified one, of the network with the most of these if that has more than its allowance. So a
        sender with many connections displaces its own, many senders with few displace the oldest, which is idle, and
        behind a proxy, where all have one address, the oldest ends, too. Without an unverified one it is the one that is
        idle for longest.
        """
        largest = max(self._unverified.values(), default=0)
        for name, record in self.records.items():
            if record.phase is ConnectionPhase.UNVERIFIED and (
                largest <= self.allowance or self._unverified[record.network] == largest
            ):
                return name
        delivered = (name for name, record in self.records.items() if record.phase is ConnectionPhase.DELIVERED)
        return next(delivered, None)

    def _find_largest(self) -> list[_K]:
        """Return the connections with the largest incomplete requests, as many as exceed `max_bytes`."""
        excess = self._bytes - self.max_bytes
        if excess <= 0:
            return []
        unverified = {
            name: record.request_bytes
            for name, record in self.records.items()
            if record.phase is ConnectionPhase.UNVERIFIED
        }
        found: list[_K] = []
        for name in sorted(unverified, key=lambda name: unverified[name], reverse=True):
            found.append(name)
            excess -= unverified[name]
            if excess <= 0:
                break
        return found


def network_of(address: str) -> str:
    """Return the network of a sender: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), _IPV6_PREFIX_BITS), strict=False))
