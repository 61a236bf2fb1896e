"""One example for each operation of the manual: a request in curl and Python, its answer, and a
refusal; all of them were sent (`webhooks.api.examples`).
"""

from dataclasses import dataclass
from typing import Any

from webhooks.api import examples
from webhooks.api.sample_code import FILES, curl_of, headers_of, python_of, shown

Json = dict[str, Any]
BASE = "https://calendars.example"
TELLING = ("409", "404", "422", "401", "405")
"""Of the refusals that there are the most telling one is shown."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`answer`, `refusal`: JSON or text, or empty where nothing is said."""

    curl: str
    python: str
    status: str
    answer: str
    refusal: str


def of(operation: Json) -> Sample:
    """Of an operation of the document."""
    answers: Json = examples.kept()["operations"][operation["operationId"]]
    # The first is that of the request as it is meant.
    answered, one = next(iter(answers.items()))
    request = one["request"]
    url, body = BASE + request["path"], request.get("body")
    if request["headers"].get("Content-Type") in FILES:
        body = None  # it is sent from a file
    headers = list(headers_of(operation, request["headers"]))
    return Sample(
        curl_of(request["method"], url, headers, body),
        python_of(request["method"], url, headers, body),
        answered.partition(" ")[0],
        _text(one["answer"]),
        _refusal(operation),
    )


def _text(answer: Any) -> str:
    if isinstance(answer, str):
        return answer
    if answer is None:
        return ""
    return shown(answer)


def _refusal(operation: Json) -> str:
    kept = examples.kept()
    codes: Json = kept["refusals"][operation["operationId"]]
    status = next(status for status in TELLING if status in codes)
    return shown(kept["problems"][codes[status][0]]["answer"])
