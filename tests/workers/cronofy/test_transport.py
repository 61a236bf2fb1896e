"""Against a server that misbehaves, a call ends: in time and in bounds."""

import gzip
import threading
import time
from datetime import date

import orjson
import pytest

from tests.support.tcp_proxy import Proxy
from tests.workers.cronofy.fixtures import raw
from tests.workers.cronofy.one_call import USERINFO, client, userinfo
from tests.workers.cronofy.peer import (
    Answer,
    Peer,
    flood,
    ok,
    silence,
    status,
    then_hang_up,
    trickle,
)
from workers.cronofy import errors
from workers.cronofy.transport import REUSED_FOR_SECONDS


def test_a_good_answer_arrives_whole_and_its_connection_is_used_again() -> None:
    with Peer(ok(USERINFO)) as peer:
        cronofy = client(peer.origin, deadline=20)
        for _ in range(3):
            assert cronofy.userinfo("at_1").sub == "acc_65f0c0de65f0c0de65f0c0de"
        cronofy.close()
        assert (len(peer.requests), peer.connections) == (3, 1)


def test_an_empty_202_leaves_the_connection_usable() -> None:
    with Peer(status(202), ok(USERINFO)) as peer:
        cronofy = client(peer.origin, deadline=20)
        cronofy.close_channel("at_1", "chn_1")
        cronofy.userinfo("at_1")
        cronofy.close()
        assert peer.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        ok(gzip.compress(USERINFO), "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (USERINFO[:700], USERINFO[700:]))
        + b"0\r\n\r\n",
        then_hang_up(b"HTTP/1.0 200 OK\r\n\r\n" + USERINFO),
        then_hang_up(ok(USERINFO, "Connection: close")),
    ],
    ids=["gzip", "chunked", "until the end", "closing"],
)
def test_every_way_to_send_a_body_is_understood(answer: bytes | Answer) -> None:
    with Peer(answer) as peer:
        assert userinfo(peer, deadline=20)


def test_each_thread_has_its_own_connection() -> None:
    with Peer(ok(USERINFO)) as peer:
        cronofy = client(peer.origin, deadline=20)
        together = threading.Barrier(4)

        def ask() -> None:
            together.wait(60)
            cronofy.userinfo("at_1")

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cronofy.close()
        assert (len(peer.requests), peer.connections) == (4, 4)


@pytest.mark.parametrize(
    "answer",
    [
        silence,
        trickle(b"", b"H"),
        trickle(b"HTTP/1.1 200 OK\r\n", b"X-Slow: yes\r\n"),
        trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y"),
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n", b" "),
        trickle(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        trickle(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b" ")[:10], b"\0"
        ),
        trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        trickle(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n", b" "),
        trickle(b"HTTP/1.1 503 Busy\r\n\r\n", b" "),
    ],
    ids=[
        *(
            "silence",
            "status line",
            "headers",
            "one header",
            "body",
            "endless body",
            "chunks",
            "gzip",
            "continues",
        ),
        *("redirect", "error"),
    ],
)
def test_an_answer_that_never_ends_ends_at_the_deadline(answer: Answer) -> None:
    """Each byte comes within the read time-out, so only a total can end it: without one, this test
    does not end.
    """
    with Peer(answer) as peer, pytest.raises((errors.Unavailable, errors.BadAnswer)):
        userinfo(peer)


def test_a_pause_longer_than_the_read_timeout_is_tried_again() -> None:
    with Peer(silence, ok(USERINFO)) as peer:
        assert userinfo(peer, read=1.5, deadline=20)
        assert len(peer.requests) >= 2  # more, where a machine takes as long for the good one


def test_nobody_listening_is_unavailable() -> None:
    with Peer(silence) as gone:
        origin = gone.origin
    with pytest.raises(
        errors.Unavailable, match=r"GET /v1/userinfo got no whole answer \(ConnectionError\)"
    ):
        client(origin).userinfo("at_1")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        ok(USERINFO)[:-1],
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"su',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SMTP ready\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 abc\r\n\r\n",
    ],
    ids=lambda answer: repr(answer[:40]),
)
def test_an_answer_that_is_cut_or_garbled_is_tried_again(answer: bytes) -> None:
    with Peer(then_hang_up(answer), ok(USERINFO)) as peer:
        assert userinfo(peer, deadline=20)


def test_a_connection_that_the_server_closed_meanwhile_costs_a_repeatable_call_nothing() -> None:
    with Peer(then_hang_up(ok(USERINFO)), ok(USERINFO)) as peer:
        cronofy = client(peer.origin, deadline=20)
        for _ in range(2):
            cronofy.userinfo("at_1")
        cronofy.close()


def test_a_connection_that_the_network_forgot_in_a_quiet_spell_costs_a_call_nothing() -> None:
    quiet = 0.0
    with Peer(ok(USERINFO)) as peer, Proxy.to(peer.origin) as proxy:
        cronofy = client(
            proxy.url(peer.origin), deadline=20, monotonic=lambda: time.monotonic() + quiet
        )
        cronofy.userinfo("at_1")
        # When nobody asks for a while, and a firewall drops the connection without a word
        proxy.misbehave("swallow")
        proxy.behave()
        quiet = REUSED_FOR_SECONDS + 1
        # Then the next call is not sent on it: it would have no time for a second try
        cronofy.userinfo("at_1")
        cronofy.close()
        assert (len(peer.requests), peer.connections) == (2, 2)


def test_a_code_travels_on_a_connection_of_its_own() -> None:
    """On one that the server is just closing it would be lost, and a code cannot be sent twice."""
    with Peer(ok(USERINFO), ok(raw("oauth/token_authorization_code")), ok(USERINFO)) as peer:
        cronofy = client(peer.origin, deadline=20)
        cronofy.userinfo("at_1")
        cronofy.exchange("K9", "https://coach.example/cb")
        cronofy.userinfo("at_1")
        cronofy.close()
        assert peer.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        flood(b"HTTP/1.1 200 OK\r\n\r\n"),
        flood(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        flood(b"HTTP/1.1 500 Oops\r\n\r\n"),
        flood(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"),
        ok(gzip.compress(b" " * 50_000_000), "Content-Encoding: gzip"),
        ok(gzip.compress(gzip.compress(b" " * 50_000_000)), "Content-Encoding: gzip, gzip"),
    ],
    ids=["endless", "declared", "error", "redirect", "bomb", "bomb in a bomb"],
)
def test_an_answer_larger_than_allowed_is_dropped_early(answer: bytes | Answer) -> None:
    with Peer(answer) as peer:
        with pytest.raises(errors.BadAnswer, match="more than 100000 bytes"):
            userinfo(peer, deadline=20)
        assert len(peer.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"not gzip at all", "Content-Encoding: gzip"),
        then_hang_up(b"HTTP/1.1 200 OK\r\nContent-Le"),
    ],
)
def test_an_answer_of_nothing_readable_is_a_bad_one(answer: bytes | Answer) -> None:
    with Peer(answer) as peer, pytest.raises(errors.BadAnswer):
        userinfo(peer, deadline=20)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_anywhere(code: int) -> None:
    with (
        Peer(ok(USERINFO)) as elsewhere,
        Peer(status(code, f"Location: {elsewhere.origin}/v1/userinfo")) as peer,
    ):
        with pytest.raises(errors.BadAnswer, match="redirects are not followed"):
            userinfo(peer, deadline=20)
        cronofy = client(peer.origin, deadline=20)
        with pytest.raises(errors.BadAnswer):
            cronofy.refresh("rt_1")
        cronofy.close()
        assert elsewhere.connections == 0


def test_a_page_on_another_host_is_never_contacted() -> None:
    with Peer(ok(b"{}")) as elsewhere:
        following = f"{elsewhere.origin}/v1/free_busy/pages/p2"
        page = {"pages": {"current": 1, "total": 2, "next_page": following}, "free_busy": []}
        with Peer(ok(orjson.dumps(page))) as peer:
            cronofy = client(peer.origin, deadline=20)
            with pytest.raises(errors.BadAnswer, match="not followed"):
                cronofy.free_busy(
                    "at_1", since=date(2026, 11, 1), until=date(2026, 12, 1), zone="UTC"
                )
            cronofy.close()
        assert elsewhere.connections == 0


def test_one_account_s_cookies_never_travel_with_another_s_token() -> None:
    with Peer(ok(USERINFO, "Set-Cookie: session=of-mira; Path=/")) as peer:
        cronofy = client(peer.origin, deadline=20)
        cronofy.userinfo("at_mira")
        cronofy.userinfo("at_jo")
        cronofy.close()
        assert b"cookie" not in peer.requests[1].lower()
