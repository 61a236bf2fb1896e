"""Mail over a socket: encrypted or refused, one connection for many mails, and never later than its
deadline.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket
from typing import Any

import pytest

from tests.workers.mailer.postman import HOST, Postman, certificate, raw, running
from webhooks.demo.processes import free_port
from workers.mailer import MailError, smtp
from workers.mailer.server import MailServer, Tls
from workers.mailer.smtp import SmtpMailer

MESSAGE = b"Subject: x\r\n\r\nhello\r\n"


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certificate(tmp_path_factory.mktemp("certificate"))


@contextmanager
def mailing(
    port: int,
    tls: Tls = "none",
    *,
    login: tuple[str, str] | None = None,
    deadline: float = 5,
    **options: Any,
) -> Iterator[SmtpMailer]:
    server = MailServer(HOST, port, tls, *(login or ()))
    mailer = SmtpMailer(server, greeting="coaching.example", deadline=deadline, **options)
    try:
        yield mailer
    finally:
        mailer.close()


def send(
    mailer: SmtpMailer, to: str = "grace@example.com", sender: str = "mail@coaching.example"
) -> None:
    mailer.send(MESSAGE, sender, [to])


def failure(mailer: SmtpMailer, **options: Any) -> tuple[str, bool, str]:
    with pytest.raises(MailError) as failed:
        send(mailer, **options)
    assert failed.value.__cause__ is failed.value.__context__ is None, (
        "the library's errors hold addresses"
    )
    return failed.value.code, failed.value.permanent, failed.value.about


class TestEncryption:
    def test_starttls_comes_before_the_login_and_the_mail(
        self, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        postman = Postman()
        theirs, ours = contexts
        options = {"tls_context": theirs, "require_starttls": True, "auth_required": True}
        with (
            running(postman, authenticator=postman.authenticate, **options),
            mailing(postman.port, "starttls", login=("user", "right"), context=ours) as mailer,
        ):
            send(mailer)
        assert len(postman.taken) == 1
        assert postman.logins == [(b"user", b"right")]
        assert {session.host_name for session in postman.connections} == {"coaching.example"}

    def test_tls_from_the_first_byte(self, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
        theirs, ours = contexts
        with (
            running(ssl_context=theirs) as postman,
            mailing(postman.port, "tls", context=ours) as mailer,
        ):
            send(mailer)
        assert len(postman.taken) == 1

    def test_a_server_without_starttls_gets_no_mail_and_no_password(self) -> None:
        with (
            running() as postman,
            mailing(postman.port, "starttls", login=("user", "right")) as mailer,
        ):
            assert failure(mailer) == ("tls", False, "server")
        assert postman.taken == []
        assert postman.logins == []

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    def test_a_certificate_that_nobody_vouches_for_is_refused(
        self, contexts: tuple[ssl.SSLContext, ssl.SSLContext], tls: Tls
    ) -> None:
        options: dict[str, Any] = (
            {"tls_context": contexts[0]} if tls == "starttls" else {"ssl_context": contexts[0]}
        )
        with running(**options) as postman, mailing(postman.port, tls) as mailer:
            assert failure(mailer) == ("tls", False, "server")
        assert postman.taken == []

    def test_a_wrong_password_is_ours_to_repair(
        self, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        postman = Postman()
        with (
            running(postman, authenticator=postman.authenticate, tls_context=contexts[0]),
            mailing(
                postman.port, "starttls", login=("user", "wrong"), context=contexts[1]
            ) as mailer,
        ):
            assert failure(mailer) == ("535", False, "server")
        assert postman.taken == []

    def test_a_password_that_cannot_be_sent_is_ours_to_repair(
        self, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        postman = Postman()
        with (
            running(postman, authenticator=postman.authenticate, tls_context=contexts[0]),
            mailing(
                postman.port, "starttls", login=("user", "pässword"), context=contexts[1]
            ) as mailer,
        ):
            assert failure(mailer) == ("unsupported", False, "server")


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


class TestReuse:
    def test_one_thread_s_mails_go_over_one_connection(self) -> None:
        with running() as postman, mailing(postman.port) as mailer:
            for _ in range(3):
                send(mailer)
        assert len(postman.taken) == 3
        assert len(postman.connections) == 1

    def test_each_thread_has_its_own(self) -> None:
        with running() as postman, mailing(postman.port) as mailer:
            threads = [threading.Thread(target=send, args=(mailer,)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(postman.connections) == 3

    def test_a_server_that_hangs_up_after_its_250_has_the_mail_and_the_next_goes_by_a_new_line(
        self,
    ) -> None:
        def take_and_hang_up(server: Any) -> None:
            server.hang_up_after = b"250"

        with running() as postman, mailing(postman.port) as mailer:
            postman.on_data = take_and_hang_up
            send(mailer)
            send(mailer)
        assert len(postman.taken) == 2
        assert len(postman.connections) == 2

    def test_a_server_that_hangs_up_before_its_250_may_or_may_not_have_it(self) -> None:
        """So it is tried again, with the same Message-ID: the one ambiguous point."""

        def hang_up(server: Any) -> None:
            server.hang_up()

        with running() as postman, mailing(postman.port) as mailer:
            postman.on_data = hang_up
            assert failure(mailer) == ("cut", False, "server")
            postman.on_data = None
            send(mailer)
        assert len(postman.connections) == 2

    def test_a_connection_that_was_idle_for_long_or_served_for_long_is_not_used_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 0.0
        with running() as postman, mailing(postman.port, monotonic=lambda: now) as mailer:
            send(mailer)
            now += smtp.REUSED_FOR_SECONDS + 1
            send(mailer)
            assert len(postman.connections) == 2
            for _ in range(smtp.REUSED_FOR_MAILS):
                send(mailer)
        assert len(postman.connections) == 3
        assert len(postman.taken) == smtp.REUSED_FOR_MAILS + 2


class TestDeadline:
    """One for the whole mail. The server here never lets go; only the deadline does."""

    @staticmethod
    def silent(caller: socket) -> None:
        while caller.recv(1024):
            pass

    @staticmethod
    def trickling(caller: socket) -> None:
        stop = threading.Event()
        while not stop.wait(0.02):
            caller.sendall(b"2")  # each byte would begin a time-out of the usual kind anew

    @staticmethod
    def endless(caller: socket) -> None:
        stop = threading.Event()
        while not stop.wait(0.02):
            caller.sendall(b"220-and another line\r\n")

    @pytest.mark.parametrize("talk", ["silent", "trickling", "endless"])
    def test_ends_a_mail_to_a_server_that_does_not_answer(self, talk: str) -> None:
        talking: Callable[[socket], None] = getattr(self, talk)
        with raw(talking) as port, mailing(port, deadline=0.3) as mailer:
            assert failure(mailer) == ("timeout", False, "server")

    def test_ends_a_mail_to_a_server_that_is_slow_to_take_it(self) -> None:
        async def slow() -> None:
            await asyncio.sleep(30)

        with running() as postman, mailing(postman.port, deadline=0.3) as mailer:
            postman.on_data = lambda _server: slow()
            assert failure(mailer) == ("timeout", False, "server")
            postman.on_data = None
        assert postman.taken == []
