"""What a mail server replies, and what becomes of the mail by it."""

from socket import socket

import pytest

from tests.support.ports import free_port
from tests.workers.mailer.mailing import failure, mailing, send
from tests.workers.mailer.postman import Postman, raw, running


class TestReplies:
    @pytest.mark.parametrize(
        ("reply", "expected"),
        [
            ("450 4.2.0 greylisted", ("450", False, "address")),
            ("452 4.2.2 full", ("452", False, "address")),
            ("550 5.1.1 unknown", ("550", True, "address")),
            ("553 no such name", ("553", True, "address")),
            ("550 5.7.1 policy", ("550", False, "server")),
            (
                "550 5.1.8 <mail@coaching.example>: Sender address rejected",
                ("550", False, "server"),
            ),
            ("550-5.2.2 two lines\r\n550 5.2.2 full", ("550", False, "address")),
            ("530 5.7.0 log in first", ("530", False, "server")),
            ("421 4.3.2 going down", ("421", False, "server")),
        ],
    )
    def test_to_a_recipient(self, reply: str, expected: tuple[str, bool, str]) -> None:
        with (
            running(Postman(recipients={"grace@example.com": reply})) as postman,
            mailing(postman.port) as mailer,
        ):
            assert failure(mailer) == expected
            send(mailer, to="ada@example.com")
        assert [envelope.rcpt_tos for envelope in postman.taken] == [["ada@example.com"]]

    @pytest.mark.parametrize(
        ("reply", "expected"),
        [
            ("451 4.3.0 later", ("451", False, "message")),
            ("552 5.3.4 too big", ("552", True, "message")),
            ("554 5.6.1 no such media", ("554", True, "message")),
            ("554 5.7.1 looks like spam", ("554", False, "server")),
        ],
    )
    def test_to_the_message(self, reply: str, expected: tuple[str, bool, str]) -> None:
        with running() as postman, mailing(postman.port) as mailer:
            postman.on_data = lambda _server: reply
            assert failure(mailer) == expected
            postman.on_data = None
            send(mailer)
        assert len(postman.taken) == 1

    def test_to_the_wish_to_send_one(self) -> None:
        def talk(caller: socket) -> None:
            caller.sendall(b"220 hello\r\n")
            replies = {
                b"ehlo": b"250 hello",
                b"mail": b"250 ok",
                b"rcpt": b"250 ok",
                b"data": b"554 5.6.0 not now",
            }
            for line in caller.makefile("rb"):
                caller.sendall(replies[line[:4].lower()] + b"\r\n")

        with raw(talk) as port, mailing(port) as mailer:
            assert failure(mailer) == ("554", True, "message")

    def test_to_our_own_address_is_ours_to_repair(self) -> None:
        postman = Postman(sender={"mail@coaching.example": "550 5.7.1 not you"})
        with running(postman), mailing(postman.port) as mailer:
            assert failure(mailer) == ("550", False, "server")
            send(mailer, sender="other@coaching.example")
        assert len(postman.taken) == 1

    @pytest.mark.parametrize(
        ("reply", "expected"),
        [
            ("552 5.3.4 Error: message size exceeds fixed maximum", ("552", True, "message")),
            ("452 4.3.1 not enough room", ("452", False, "server")),
        ],
    )
    def test_to_the_size_of_the_message(self, reply: str, expected: tuple[str, bool, str]) -> None:
        postman = Postman(sender={"mail@coaching.example": reply})
        with running(postman), mailing(postman.port) as mailer:
            assert failure(mailer) == expected
            send(mailer, sender="other@coaching.example")
        assert len(postman.taken) == 1

    def test_a_552_that_is_not_about_a_size_is_ours_to_repair(self) -> None:
        def talk(caller: socket) -> None:
            caller.sendall(b"220 hello\r\n")
            for line in caller.makefile("rb"):
                caller.sendall(
                    b"250 hello\r\n" if line[:4].lower() == b"ehlo" else b"552 your box is full\r\n"
                )

        with raw(talk) as port, mailing(port) as mailer:
            assert failure(mailer) == ("552", False, "server")

    def test_nobody_there_is_no_reason_to_give_up(self) -> None:
        with mailing(free_port()) as mailer:
            assert failure(mailer) == ("connection refused", False, "server")

    @pytest.mark.parametrize(
        ("greeting", "code"),
        [
            (b"554 5.7.1 go away\r\n", "554"),
            (b"421 too busy\r\n", "421"),
            (b"HTTP/1.1 400 Bad Request\r\n", "-1"),
            (b"", "cut"),
        ],
    )
    def test_a_greeting_that_is_none_is_ours_to_repair(self, greeting: bytes, code: str) -> None:
        with raw(lambda caller: caller.sendall(greeting)) as port, mailing(port) as mailer:
            assert failure(mailer) == (code, False, "server")
