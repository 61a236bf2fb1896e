"""Mail over a socket: encrypted or refused, one connection for many mails, and never later than its
deadline.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from socket import socket
from typing import Any

import pytest

from tests.support.tcp_proxy import Proxy
from tests.workers.mailer.mailing import MESSAGE, failure, mailing, send
from tests.workers.mailer.postman import HOST, Postman, certificate, raw, running
from workers.mailer import MailError, smtp
from workers.mailer.server import Tls


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certificate(tmp_path_factory.mktemp("certificate"))


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

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    def test_a_long_mail_goes_through_it_whole(
        self, contexts: tuple[ssl.SSLContext, ssl.SSLContext], tls: Tls
    ) -> None:
        theirs, ours = contexts
        options: dict[str, Any] = {"ssl_context": theirs}
        if tls == "starttls":
            options = {"tls_context": theirs}
        long = MESSAGE + 60_000 * (70 * b"y" + b"\r\n")
        with (
            running(**options) as postman,
            mailing(postman.port, tls, context=ours) as mailer,
        ):
            mailer.send(long, "a@example.com", ["b@example.com"])
        assert postman.taken[0].original_content == long

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

    def test_a_connection_that_the_network_forgot_leaves_time_for_a_new_one(self) -> None:
        with (
            running() as postman,
            Proxy((HOST, postman.port)) as proxy,
            mailing(proxy.port, deadline=30) as mailer,
        ):
            send(mailer)
            # When a firewall drops it without a word
            proxy.misbehave("swallow")
            proxy.behave()
            # Then whether it is alive is not waited for until the deadline
            send(mailer)
        assert len(postman.taken) == 2
        assert len(postman.connections) == 2


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

    def test_whoever_comes_after_the_end_that_it_was_given_says_nothing(self) -> None:
        with running() as postman, mailing(postman.port) as mailer:
            with pytest.raises(MailError) as failed:
                mailer.send(MESSAGE, "a@example.com", ["b@example.com"], until=time.monotonic())
            assert (failed.value.code, failed.value.unsure) == ("timeout", False)
            mailer.send(MESSAGE, "a@example.com", ["b@example.com"], until=time.monotonic() + 60)
        assert (len(postman.taken), len(postman.connections)) == (1, 1)

    def test_ends_a_mail_to_a_server_that_is_slow_to_take_it(self) -> None:
        async def slow() -> None:
            await asyncio.sleep(30)

        with running() as postman, mailing(postman.port, deadline=0.3) as mailer:
            postman.on_data = lambda _server: slow()
            assert failure(mailer) == ("timeout", False, "server")
            postman.on_data = None
        assert postman.taken == []
