"""A call takes nothing from the environment, and tells nobody its token: no error and no log has
it.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.workers.cronofy.one_call import CANARY, USERINFO, client, userinfo
from tests.workers.cronofy.peer import (
    Answer,
    Peer,
    flood,
    ok,
    silence,
    status,
    then_hang_up,
)
from workers.cronofy import errors
from workers.cronofy.client import Cronofy

BODY = CANARY.encode()


def test_the_environment_of_the_process_changes_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """requests would take a proxy from there, and a password from .netrc in place of the bearer."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password wrong\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Peer(status(500)) as proxy, Peer(ok(USERINFO)) as peer:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        userinfo(peer, deadline=20)
        assert b"Authorization: Bearer %s-token\r\n" % BODY in peer.requests[0]
        assert proxy.connections == 0


def everything_told(error: BaseException | None) -> Iterator[str]:
    """All texts that a log or an error tracker could take from an exception and from those behind
    it.
    """
    while error is not None:
        yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
        assert error.__context__ is None or error.__cause__ is error.__context__
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "answer",
    [
        silence,
        then_hang_up(b""),
        then_hang_up(ok(b'{"access_token":"%s"' % BODY)[:-1]),
        flood(b"HTTP/1.1 200 OK\r\n\r\n" + BODY),
        ok(b'{"sub":"%s' % BODY),
        ok(b'{"access_token":"%s\\n"}' % BODY),
        ok(b'"%s"' % BODY),
        ok(BODY, "Content-Encoding: gzip"),
        *(
            status(code, body=b'{"error":"%s !"}' % BODY)
            for code in (302, 400, 401, 403, 422, 423, 429, 500)
        ),
        status(
            422,
            body=b'{"errors":{"%s !":[{"key":"%s !","description":"%s"}]}}' % (BODY, BODY, BODY),
        ),
    ],
    ids=lambda answer: repr(answer[:40]) if isinstance(answer, bytes) else "wild",
)
def test_no_secret_and_no_body_is_in_an_error_or_a_log(
    answer: bytes | Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    since, until = date(2026, 11, 1), date(2026, 12, 1)
    calls: list[Callable[[Cronofy], object]] = [
        lambda cronofy: cronofy.userinfo(CANARY),
        lambda cronofy: cronofy.free_busy(CANARY, since=since, until=until, zone="UTC"),
        lambda cronofy: cronofy.open_channel(CANARY, f"https://coach.example/{CANARY}"),
        lambda cronofy: cronofy.close_channel(CANARY, CANARY),
        lambda cronofy: cronofy.exchange(CANARY, "https://coach.example/cb"),
        lambda cronofy: cronofy.refresh(CANARY),
    ]
    told = []
    with Peer(answer) as peer, capture_logs() as logged:
        for call in calls:
            cronofy = client(peer.origin, read=0.1, deadline=0.15)
            try:
                call(cronofy)
            except errors.CronofyError as error:
                told += [*everything_told(error), *traceback.format_exception(error)]
            cronofy.close()
    assert told
    assert CANARY not in f"{told} {logged} {caplog.text}"
