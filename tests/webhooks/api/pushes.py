"""Pushes of each kind, and a key that is not ours."""

import json
from typing import Any

from tests.support.http_client import CHANGE
from workers.cronofy import signature


def kind(name: str, **fields: Any) -> bytes:
    return json.dumps(
        {"notification": {"type": name} | fields, "channel": {"channel_id": "chn_1"}}
    ).encode()


STRANGER = signature.sign(CHANGE, ["somebody else's"])
