"""A reply is read by its first digit (RFC 5321, 4.3.2): each 2yz completes, whatever the server
calls it.
"""

from socket import socket

import pytest

from tests.workers.mailer.mailing import failure, mailing, send
from tests.workers.mailer.postman import raw

USUAL = {
    b"ehlo": b"250 hello",
    b"mail": b"250 ok",
    b"rcpt": b"250 ok",
    b"data": b"354 go on",
    b"rset": b"250 ok",
    b".": b"250 taken",
}


class Talker:
    """Says 250 to everything but what it is told. `taken`: how many messages it has."""

    def __init__(self, greeting: bytes = b"220 hello", **other: bytes) -> None:
        self.taken = 0
        self._greeting = greeting
        self._replies = USUAL | {word.encode(): reply for word, reply in other.items()}

    def __call__(self, caller: socket) -> None:
        caller.sendall(self._greeting + b"\r\n")
        reading = False
        for line in caller.makefile("rb"):
            word = line.strip()[:4].lower()
            if reading and word != b".":
                continue
            reading = word == b"data" and self._replies[word].startswith(b"3")
            self.taken += word == b"." and self._replies[word].startswith(b"2")
            caller.sendall(self._replies[word] + b"\r\n")


class TestEachCompletionCompletes:
    @pytest.mark.parametrize(
        "reply", [b"200 fine", b"251 forwarded", b"252 taken", b"250-queued\r\n299 as 7"]
    )
    @pytest.mark.parametrize("stage", ["mail", "rcpt", "."])
    def test_of_a_mail(self, stage: str, reply: bytes) -> None:
        talker = Talker(**{stage: reply})
        with raw(talker) as port, mailing(port) as mailer:
            send(mailer)
        assert talker.taken == 1

    def test_of_a_connection_that_is_used_again(self) -> None:
        talker = Talker(greeting=b"221 hello", rset=b"200 done")
        with raw(talker) as port, mailing(port) as mailer:
            send(mailer)
            send(mailer)
        assert talker.taken == 2

    @pytest.mark.parametrize("reply", [b"354 go on", b"150 wait", b"99 odd", b"600 odd"])
    def test_what_is_no_completion_is_none(self, reply: bytes) -> None:
        with raw(Talker(**{".": reply})) as port, mailing(port) as mailer:
            assert failure(mailer)[1:] == (False, "server")
