"""Old forms of the API that answer for one more release: whoever uses one is told so in the
headers of the answer, with what does instead (RFC 9745, RFC 8594).
"""

from datetime import UTC, datetime

from flask import Response, after_this_request
from werkzeug.http import http_date

SINCE = datetime(2026, 11, 29, tzinfo=UTC)
UNTIL = datetime(2027, 5, 31, tzinfo=UTC)
"""They are old since 0.2.0, and go with the release after it: not before this day."""
ABOUT = '</docs>; rel="deprecation"; type="text/html"'


def deprecate(instead: str | None = None) -> None:
    """The answer to this request, or its refusal, tells that it was asked in an old form. Several
    old forms of one request may each tell.

    `instead`: path of what does the same from now on; None where that is another form of the same
    path, which `/docs` tells.
    """

    @after_this_request
    def tell(response: Response) -> Response:
        headers = response.headers
        if "Deprecation" not in headers:
            headers["Deprecation"] = f"@{int(SINCE.timestamp())}"
            headers["Sunset"] = http_date(UNTIL)
            headers.add("Link", ABOUT)
        if instead is not None:
            headers.add("Link", f'<{instead}>; rel="successor-version"')
        return response
