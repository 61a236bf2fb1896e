"""Of a refusal's body only words shaped like error keys are kept: the rest may hold anything."""

import orjson
import pytest

from tests.workers.cronofy.fixtures import table
from workers.cronofy.wire import CronofyRefusal, read_refusal

BODIES = {name: orjson.dumps(each["body"]) for name, each in table("refusals").items()}


def test_oauth_errors_are_one_word() -> None:
    assert read_refusal(BODIES["400_invalid_grant"]) == CronofyRefusal("invalid_grant", ())


def test_validation_errors_are_keys_by_field() -> None:
    assert read_refusal(BODIES["422_several"]).keys == (
        "summary: errors.required",
        "start: errors.required",
    )


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"<html>", b'{"error":5}', b'{"errors":5}', b'{"errors":{"a":5}}']
)
def test_no_body_or_another_one_is_no_reason(body: bytes) -> None:
    assert read_refusal(body) == CronofyRefusal(None, ())


def test_what_is_no_key_is_not_repeated() -> None:
    body = {
        "error": "your secret is CRN canary",
        "errors": {
            "code": [{"key": "canary is wrong", "description": "canary"}, "canary"],
            "a b": [{"key": "x"}],
        },
    }
    assert read_refusal(orjson.dumps(body)) == CronofyRefusal(None, ())


def test_of_a_thousand_keys_twenty_are_enough() -> None:
    assert len(read_refusal(orjson.dumps({"errors": {"a": [{"key": "x"}] * 1_000}})).keys) == 20
