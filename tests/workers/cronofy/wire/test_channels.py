"""The list of channels is the only way to find one that Cronofy closed, so it is read strictly."""

import pytest

from tests.workers.cronofy.fixtures import raw
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import Channel, read_channel, read_channels

OURS = Channel("chn_65f0c0de65f0c0de65f0c0aa", "https://app.example.test/hooks/cronofy/8f2b1c")


def test_a_new_channel_has_its_id() -> None:
    assert read_channel(raw("channels/create")) == OURS


def test_open_channels_are_listed_and_closed_ones_are_not() -> None:
    assert read_channels(raw("channels/list")) == (OURS,)
    assert read_channels(raw("channels/list_after_close")) == ()


def test_a_channel_keeps_its_url_to_itself() -> None:
    """The URL carries the channel's token."""
    assert repr(OURS) == "Channel(id='chn_65f0c0de65f0c0de65f0c0aa')"


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"channels":null}', b'{"channels":{}}', b'{"channels":[{}]}']
)
def test_what_is_no_list_is_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_channels(body)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"channel":{}}', b'{"channel":{"channel_id":5}}', b'{"channel":[]}']
)
def test_a_channel_without_an_id_is_none(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_channel(body)
