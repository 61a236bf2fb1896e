"""An old form of the API says since and until when it answers, and what does instead."""

from flask import Flask
from werkzeug.http import parse_date

from webhooks.http.deprecated import SINCE, UNTIL, deprecate


def test_an_answer_to_an_old_form_tells_its_dates_and_what_does_instead() -> None:
    # Given a route that was asked in two old forms, of which one has another path by now
    app = Flask(__name__)

    @app.get("/old")
    def old() -> tuple[str, int]:
        deprecate("/new")
        deprecate()
        return "refused", 422

    # When it is asked, though it refuses
    answer = app.test_client().get("/old")

    # Then each date is there once (RFC 9745, RFC 8594), and the new path
    assert answer.headers.getlist("Deprecation") == [f"@{int(SINCE.timestamp())}"]
    (sunset,) = answer.headers.getlist("Sunset")
    assert parse_date(sunset) == UNTIL
    assert answer.headers.getlist("Link") == [
        '</docs>; rel="deprecation"; type="text/html"',
        '</new>; rel="successor-version"',
    ]


def test_an_answer_to_the_new_form_tells_nothing() -> None:
    app = Flask(__name__)

    @app.get("/new")
    def new() -> str:
        return "well"

    answer = app.test_client().get("/new")
    assert not {"Deprecation", "Sunset", "Link"} & set(answer.headers.keys())
