"""Where a webhook endpoint's name leads, at the moment of the connection and at no other."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.callback_server import SECRET, Platform
from tests.support.people import NOW
from workers import public_addresses
from workers.delivery.webhook_sender import NoAnswer, Receiver

NAME = "platform.example.test"
OUTSIDE, NEIGHBOUR = "93.184.215.14", "127.0.0.1"
BODY = '{"type":"endpoint.test","timestamp":"2026-06-01T08:00:00Z","data":{}}'
Leads = Callable[..., None]


@pytest.fixture
def leads(monkeypatch: pytest.MonkeyPatch) -> Leads:
    """The name leads there, at one question after the other, and then to the last."""
    real = socket.getaddrinfo

    def set_up(*answers: list[str]) -> None:
        left = list(answers)

        def resolve(host: str, port: Any, *more: Any, **options: Any) -> Any:
            if host != NAME:
                return real(host, port, *more, **options)
            addresses = left.pop(0) if len(left) > 1 else left[0]
            number = port or 0
            stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*stream, (address, number)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    return set_up


@pytest.fixture
def receiver(platform: Platform) -> Iterator[Receiver]:
    port = platform.origin.rpartition(":")[2]
    made = Receiver(f"http://{NAME}:{port}/told", [SECRET], deadline=10, outside=True)
    yield made
    made.close()


def test_a_name_that_changes_between_lookup_and_connection_reaches_no_neighbour(
    platform: Platform, receiver: Receiver, leads: Leads
) -> None:
    # Given a name that is outside when it is looked at, and ours when it is connected to
    leads([OUTSIDE], [NEIGHBOUR])
    with pytest.raises(NoAnswer):
        receiver.post("evt_1", BODY, now=NOW)
    assert platform.calls == []


def test_one_neighbour_among_its_addresses_is_enough(
    platform: Platform, receiver: Receiver, leads: Leads
) -> None:
    leads([OUTSIDE], [OUTSIDE, NEIGHBOUR])
    with pytest.raises(NoAnswer):
        receiver.post("evt_1", BODY, now=NOW)
    assert platform.calls == []


def test_what_was_looked_at_is_connected_to_under_its_name(
    platform: Platform, receiver: Receiver, leads: Leads, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given that this machine counts as the internet
    monkeypatch.setattr(public_addresses, "is_public", lambda _address: True)
    leads([NEIGHBOUR])
    assert receiver.post("evt_1", BODY, now=NOW).status == 204
    (call,) = platform.calls
    assert call.headers["Host"].startswith(f"{NAME}:")


def test_of_many_addresses_that_nobody_answers_at_few_are_tried(
    receiver: Receiver, leads: Leads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_addresses, "is_public", lambda _address: True)
    tried: list[Any] = []

    def refuse(_socket: socket.socket, address: Any) -> None:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    leads([f"198.51.100.{number}" for number in range(50)])
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        receiver.post("evt_1", BODY, now=NOW)
    assert len(tried) == 3
    assert time.monotonic() - began < 10
