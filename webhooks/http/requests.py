"""How requests are read: bodies up to a cap, JSON only when they say so, and no parameter silently
dropped.
"""

from collections.abc import Mapping
from typing import Any

import flask
import orjson
from flask.json.provider import JSONProvider
from werkzeug.datastructures import ImmutableMultiDict, LanguageAccept
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_accept_header
from werkzeug.utils import cached_property

from webhooks.http.problems import RefusedRequest

PUSH_CAP = 64 * 1024
BODY_CAP = 256 * 1024
JSON = "application/json"
USUAL = frozenset({JSON, f"{JSON}; charset=utf-8"})
LONGEST_LIST = 1_000
"""Characters of a header that are read as a list: browsers send some fifty."""


class Parameters(ImmutableMultiDict[str, str]):
    """A query as APIFlask hands it to pydantic: a repeated parameter is a list there, never just
    its first value.
    """

    def to_dict(self, flat: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 (werkzeug's)
        lists: Mapping[str, list[str]] = super().to_dict(flat=False)
        if not flat:
            return dict(lists)
        found: dict[str, Any] = {}
        for name, values in lists.items():
            found[name] = values
            if len(values) == 1:
                found[name] = values[0]
        return found


class CappedRequest(flask.Request):
    parameter_storage_class = Parameters

    @cached_property
    def accept_languages(self) -> LanguageAccept:
        """Those at the header's beginning: werkzeug takes 0.1 s for all that a server
        lets through.
        """
        return parse_accept_header(
            self.headers.get("Accept-Language", "")[:LONGEST_LIST], LanguageAccept
        )

    def body(self, cap: int) -> bytes:
        """The raw body. Raises RequestEntityTooLarge past the cap.

        One byte more than the cap is read, because a chunked body is cut at werkzeug's limit
        without a word.
        """
        self.max_content_length = cap + 1
        raw = self.get_data(parse_form_data=False)
        if len(raw) > cap:
            raise RequestEntityTooLarge
        return raw

    def expect_json(self) -> None:
        # Parsing it costs 20 times a look.
        if self.environ.get("CONTENT_TYPE") not in USUAL and self.mimetype != JSON:
            raise RefusedRequest(
                "wrong_content_type", f"Send the body as {JSON}.", field="Content-Type"
            )

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: FBT001, FBT002 (flask's)
        """The parsed body; an empty one is {}. (APIFlask asks by force; the content type is looked
        at all the same.)
        """
        raw = self.body(BODY_CAP)
        if not raw:
            return {}
        self.expect_json()
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise RefusedRequest(
                "malformed_json", f"The body is not JSON: look at {place}.", field="body"
            ) from None


class Json(JSONProvider):
    """orjson: fast, and strict about what JSON is (no NaN, no lone surrogates, no bottomless
    nesting).
    """

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> flask.Response:
        return flask.Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), mimetype=JSON)
