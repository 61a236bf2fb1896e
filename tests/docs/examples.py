"""Writes the examples of the OpenAPI document from what was really sent and answered:
`python -m tests.docs.examples`, as `./run docs` does. A test compares the two.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support.databases import migrate
from tests.support.http_client import Desk
from tests.webhooks.examples.everything import exchanges
from tests.webhooks.examples.exchange import KEY_SENT, Exchange
from webhooks.api.examples import PATH
from webhooks.http.idempotent import HEADER as KEY
from webhooks.http.problems import PROBLEM

UNLIMITED: dict[str, Any] = {f"limit_{what}": 0 for what in ("reads", "writes", "holds", "wrong")}
FEW_LINES = 12
HEX, TOKEN = "0f1e2d3c4b5a6978", "hkOSNxRLsA-KZ6LlwBMIJuL9WqcQ1w2e"
# What is another one each time, and what stands for it.
SCRUBBED = (
    (re.compile(r"\b([Aa]da)\d+\b"), r"\1"),
    (re.compile(r"\b(whsec_)[\w+/=-]+"), rf"\1{TOKEN}"),
    (re.compile(r"(?<=/)[\w-]{28,}(?=[.\"?]|$)"), TOKEN),
    (re.compile(r"(?<==)[\w-]{28,}(?=[&\"]|$)"), TOKEN),
)
IDS = re.compile(r"\b([a-z]{3})_[0-9a-f]{12,}")
LONG_HEX = re.compile(r"(?<![.\d])\b[0-9a-f]{16,}\b")
OF_SENDER = {"Authorization", "Cronofy-HMAC-SHA256"}


@contextmanager
def desk_at(url: str) -> Iterator[Desk]:
    """Where all of it is sent."""
    with desks.opened(url, broker=StubBroker(), **UNLIMITED) as desk:
        yield desk


def told(found: list[Exchange]) -> dict[str, Any]:
    """`operations`: each answer, the first of its status and kind; `refusals`: the codes of each
    status; `problems`: each code's first.
    """
    operations: dict[str, dict[str, Any]] = {}
    refusals: dict[str, dict[str, list[str]]] = {}
    problems: dict[str, Any] = {}
    for one in found:
        if one.media == PROBLEM:
            code = one.answer["code"]
            for said in sorted(one.codes):
                if said == code or said not in problems:
                    _keep(problems, said, one)
            codes = refusals.setdefault(one.operation, {}).setdefault(str(one.status), [])
            if code not in codes:
                codes.append(code)
        else:
            kept = operations.setdefault(one.operation, {})
            kept.setdefault(f"{one.status} {one.media}".strip(), _shown(one))
    refusals.pop("", None)
    return {"operations": operations, "refusals": refusals, "problems": problems}


def _keep(problems: dict[str, Any], code: str, one: Exchange) -> None:
    """A refusal that has this code as its own goes before one that has it in a list."""
    known = problems.get(code)
    if known is None or known["answer"]["code"] != code:
        problems[code] = _shown(one)


def _shown(one: Exchange) -> dict[str, Any]:
    headers = {name: value for name, value in one.headers.items() if name not in OF_SENDER}
    if KEY in headers:
        headers[KEY] = KEY_SENT
    shown: dict[str, Any] = {
        "request": {"method": one.method, "path": one.path, "headers": headers}
    }
    if one.body is not None:
        shown["request"]["body"] = _value(one.body)
    shown["answer"] = _value(one.answer)
    scrubbed: dict[str, Any] = orjson.loads(scrub(orjson.dumps(shown).decode()))
    return scrubbed


def _value(value: Any) -> Any:
    """JSON as it is, a text's first lines, and nothing of octets that nobody reads."""
    if isinstance(value, bytes):
        try:
            return orjson.loads(value)
        except ValueError:
            return None
    if isinstance(value, str):
        lines = value.splitlines()
        return "\n".join([*lines[:FEW_LINES], *["..."][: len(lines) > FEW_LINES]])
    return value


def scrub(text: str) -> str:
    """Without what is another one each time."""
    for pattern, instead in SCRUBBED:
        text = pattern.sub(instead, text)
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"{found[1]}_{len(numbers) + 1}")

    text = IDS.sub(number, text)
    return LONG_HEX.sub(lambda found: (HEX * 4)[: len(found[0])], text)


def shape(value: Any) -> Any:
    """What of an example counts: its names and kinds of values, whatever ids order its lists by."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return sorted({repr(shape(each)) for each in value})
    return type(value).__name__


def kept_or_new(kept: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What is kept, but for what has another shape by now: nothing changes without a reason."""
    found = dict(new)
    for name in new["operations"]:
        known = kept["operations"].get(name, {})
        found["operations"][name] = _alike(known, new["operations"][name])
    found["problems"] = _alike(kept["problems"], new["problems"])
    return found


def _alike(kept: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in new.items():
        found[name] = value
        if name in kept and shape(kept[name]) == shape(value):
            found[name] = kept[name]
    return found


def main() -> None:
    with TemporaryDirectory() as folder:
        url = migrate(f"sqlite:///{folder}/examples.sqlite")
        with desk_at(url) as desk:
            new = told(exchanges(desk))
    kept = orjson.loads(PATH.read_bytes())
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    PATH.write_bytes(orjson.dumps(kept_or_new(kept, new), option=options))


if __name__ == "__main__":
    main()
