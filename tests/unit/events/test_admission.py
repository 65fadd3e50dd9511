"""Which connection ends when the receiver has too many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.events.admission import ConnectionPhase, ConnectionTable, network_of


def table(max_connections: int, *, allowance: int = 1, max_bytes: int = 1000) -> ConnectionTable[str]:
    return ConnectionTable(max_connections=max_connections, allowance=allowance, max_bytes=max_bytes)


def opened(connections: ConnectionTable[str], *senders: str) -> list[str]:
    """Open a connection for each sender, a second apart, named by sender and number; return those that end."""
    return [
        ended
        for number, sender in enumerate(senders)
        for ended in connections.open(f"{sender}{number}", sender, float(number))
    ]


@pytest.mark.parametrize(
    ("senders", "allowance", "ended"),
    [
        ("abc", 1, []),
        ("abcd", 1, ["a0"]),
        ("aaaa", 1, ["a0"]),
        ("abbc", 1, ["b1"]),
        ("baac", 1, ["a1"]),
        ("aabbbb", 1, ["a0", "b2", "b3"]),
        ("abbc", 2, ["a0"]),
        ("abbbbc", 2, ["a0", "b1", "b2"]),
    ],
)
def test_the_oldest_ends_first_of_the_largest_network_above_its_allowance(
    senders: str, allowance: int, ended: list[str]
) -> None:
    connections = table(3, allowance=allowance)
    assert opened(connections, *senders) == ended
    assert connections.evicted == len(ended)


def test_a_connection_that_delivered_ends_only_if_all_have() -> None:
    connections = table(2)
    opened(connections, "a", "b")
    connections.complete("a0")
    connections.respond("a0", 5, delivered=True)
    assert connections.open("c", "c", 6) == ["b1"]
    connections.complete("c")
    connections.respond("c", 7, delivered=True)
    assert connections.open("d", "d", 8) == ["a0"]


def test_the_next_request_of_a_connection_is_as_old_as_its_first_byte() -> None:
    connections = table(2)
    opened(connections, "a", "b")
    connections.respond("a0", 5, delivered=True)
    connections.receive("a0", 1, 6)
    assert connections.open("c", "c", 7) == ["b1"]
    assert connections.open("d", "d", 8) == ["a0"]


def test_a_rejected_request_does_not_make_a_connection_younger() -> None:
    connections = table(2)
    opened(connections, "a", "b")
    connections.complete("a0")
    connections.respond("a0", 5, delivered=False)
    assert connections.open("c", "c", 6) == ["a0"]


def test_while_all_wait_for_their_response_the_new_one_ends() -> None:
    connections = table(2)
    opened(connections, "a", "b")
    connections.complete("a0")
    connections.complete("b1")
    assert connections.open("c", "c", 2) == ["c"]
    assert connections.waiting() == []


def test_the_largest_requests_end_when_all_have_sent_too_much() -> None:
    connections = table(9, max_bytes=1000)
    opened(connections, "a", "b", "c", "d")
    assert connections.receive("a0", 500, 1) == []
    assert connections.receive("b1", 10, 1) == []
    assert connections.receive("c2", 400, 1) == []
    assert connections.receive("d3", 100, 1) == ["a0"]
    connections.complete("c2")
    assert connections.receive("d3", 900, 1) == ["d3"]
    assert connections.receive("d3", 900, 1) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "", True),
    ],
)
def test_the_network_of_a_sender(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["open", "complete", "deliver", "reject", "close"]))))
def test_laws(history: list[tuple[str, str]]) -> None:
    """At most the limit is open; no complete request ends; a network above its allowance displaces its own."""
    connections = table(4, allowance=2)
    names: list[str] = []
    for number, (sender, action) in enumerate(history):
        name = next((name for name in reversed(names) if name.startswith(sender)), None)
        before = dict(connections.records)
        if action == "open":
            names.append(f"{sender}{number}")
            ended = connections.open(names[-1], sender, number)
            phases = {before[each].phase for each in ended if each in before}
            assert ConnectionPhase.STORING not in phases
            unverified = [each.network for each in before.values() if each.phase is ConnectionPhase.UNVERIFIED]
            for each in ended:
                if unverified and max(map(unverified.count, unverified)) > connections.allowance:
                    assert unverified.count(before[each].network) == max(map(unverified.count, unverified))
        elif name is not None and action == "complete":
            connections.complete(name)
        elif name is not None and action == "close":
            connections.close(name)
        elif name is not None:
            connections.respond(name, number, delivered=action == "deliver")
        assert len(connections.records) <= 4
        ages = [record.since for record in connections.records.values()]
        assert ages == sorted(ages)
