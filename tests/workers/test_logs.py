"""Log lines are JSON, and nothing in them opens a calendar."""

import json
import logging
from typing import Self

import pytest
import structlog

from workers import logs

LEAKS = {
    "api key": "cck_0a1b2c_" + "s3cr3t" * 5,
    "channel token": "POST /webhooks/cronofy/3xY_z-tok3n HTTP/1.1",
    "session's address": "POST /webhooks/conferencing/3xY_z-tok3n/assigned HTTP/1.1",
    "bearer": "Authorization: Bearer at_123.abc-def",
    "client secret": "CRN_" + "s3cr3t" * 3,
    "password": "postgresql://coachcal:hunter2@127.0.0.1/db",
    "mail address": "wrote to mira@school.example",
}
CANARIES = ("s3cr3t", "tok3n", "at_123", "hunter2", "mira@")


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], logging_as_it_was: None) -> "Lines":
    return Lines(capsys)


class Lines:
    """What is logged while it is open, parsed. (Opened in the test: between phases pytest changes
    stderr.)
    """

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.parsed: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        logs.configure("info")
        return self

    def __exit__(self, *_: object) -> None:
        self.parsed = [json.loads(line) for line in self._capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("what", sorted(LEAKS))
def test_what_looks_like_a_secret_is_struck_out_wherever_it_is(lines: Lines, what: str) -> None:
    with lines:
        structlog.get_logger().info("happened", detail=LEAKS[what], nested={"list": [LEAKS[what]]})
        logging.getLogger("a.library").warning("said %s", LEAKS[what])
    printed = lines.parsed
    assert len(printed) == 2
    assert all(logs.STRUCK in json.dumps(line) for line in printed)
    assert not any(canary in json.dumps(line) for line in printed for canary in CANARIES)


def test_what_is_named_like_a_secret_is_struck_out_whatever_it_looks_like(lines: Lines) -> None:
    with lines:
        structlog.get_logger().info(
            "happened", access_token="plain", body={"a": 1}, settings={"client_secret": "plain"}
        )
    (line,) = lines.parsed
    assert "plain" not in json.dumps(line)
    assert line["body"] == logs.STRUCK


def test_an_exception_s_text_is_struck_out_too(lines: Lines) -> None:
    with lines:
        try:
            raise ValueError(LEAKS["bearer"])
        except ValueError:
            structlog.get_logger().exception("failed")
    (line,) = lines.parsed
    assert "ValueError" in str(line["exception"])
    assert "at_123" not in json.dumps(line)


def test_ids_and_times_stay_readable(lines: Lines) -> None:
    with lines:
        structlog.get_logger().info("refreshed", connection="con_1", version=3, changed=True)
    (line,) = lines.parsed
    assert (
        line.items()
        >= {"event": "refreshed", "connection": "con_1", "version": 3, "level": "info"}.items()
    )
    assert str(line["timestamp"]).endswith("Z")
