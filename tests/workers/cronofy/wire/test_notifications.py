"""A push that Cronofy signed is understood, or passed over; only what is no push at all
is refused.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.cronofy.fixtures import table
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import NOTIFICATIONS, Notification, read_notification

PUSHES = {each["name"]: each["body"].encode() for each in table("hmac_vectors")["derived"]}
CHANNEL = "chn_65f0c0de65f0c0de65f0c0aa"
SINCE = datetime(2026, 11, 2, 9, 24, 16, tzinfo=UTC)


@pytest.mark.parametrize("name", ["change", "change_filtered", "change_odd_bytes"])
def test_a_change_names_its_channel_and_since_when(name: str) -> None:
    assert read_notification(PUSHES[name]) == Notification("change", SINCE, CHANNEL)


@pytest.mark.parametrize("kind", sorted(NOTIFICATIONS - {"change"}))
def test_every_documented_kind_is_known(kind: str) -> None:
    assert read_notification(PUSHES[kind]) == Notification(kind, None, CHANNEL)


@pytest.mark.parametrize(
    ("name", "kind", "channel"),
    [
        ("unknown_future_type", "something_new_2027", CHANNEL),
        ("scheduling_conversation_joined", "scheduling_conversation_joined", CHANNEL),
        ("smart_invite_reply_accepted", "smart_invite", None),
        ("embedded_scheduler_time_chosen", "scheduling_request_time_chosen", None),
        ("rts_completed", "", None),
        ("service_account_authorization_success", "", None),
    ],
)
def test_other_kinds_and_other_products_are_unknown_and_no_error(
    name: str, kind: str, channel: str | None
) -> None:
    assert read_notification(PUSHES[name]) == Notification(kind, None, channel)


@pytest.mark.parametrize(
    ("since", "meant"),
    [
        ("2026-11-02T10:24:16+01:00", SINCE),
        ("0000-12-29T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-11-02T09:24:16", None),
        ("soon", None),
        ("", None),
        (1_793_611_456, None),
        (None, None),
    ],
)
def test_an_unreadable_since_costs_nothing_but_itself(since: Any, meant: datetime | None) -> None:
    body = orjson.dumps(
        {"notification": {"type": "change", "changes_since": since}, "channel": {"channel_id": "c"}}
    )
    assert read_notification(body) == Notification("change", meant, "c")


def test_filters_and_even_the_channel_may_be_missing() -> None:
    assert read_notification(b'{"notification":{"type":"change"}}') == Notification(
        "change", None, None
    )
    assert read_notification(b"{}") == Notification("", None, None)


def test_a_long_or_printing_kind_is_cut_to_something_that_a_log_can_bear() -> None:
    body = orjson.dumps({"notification": {"type": "\x1b[31m\n" + "x" * 5_000}})
    assert read_notification(body).kind == "[31m" + "x" * 194


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"not json", b"[]", b'"change"', b"5", b"null", b"\xff\xfe", b'{"notification":'),
        *(
            b'{"notification":[]}',
            b'{"notification":"change"}',
            b'{"notification":{"type":5}}',
            b'{"channel":5}',
        ),
        b'{"channel":{"channel_id":5}}',
    ],
)
def test_what_is_no_push_is_a_value_error_that_quotes_nothing(body: bytes) -> None:
    with pytest.raises(ValueError, match="Cronofy") as caught:
        read_notification(body)
    assert isinstance(caught.value, BadAnswer)
    assert caught.value.__context__ is None


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=8)
    | st.sampled_from(["change", "2026-11-02"]),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(["notification", "channel", "type", "changes_since", "channel_id"]),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json)
def test_any_json_is_read_or_refused_and_never_a_crash(value: Any) -> None:
    try:
        read = read_notification(orjson.dumps(value))
    except BadAnswer:
        return
    assert isinstance(read.kind, str)
