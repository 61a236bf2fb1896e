"""The post box in a browser: a list, each mail with its three parts side by side, and the same as
JSON for scripts.

A mail is written by anybody. Its HTML is shown only in a frame that may run, load, send and open
nothing; everything else is text, escaped by the templates.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, abort, current_app, jsonify, render_template, request
from werkzeug.exceptions import NotFound

from webhooks.demo.postbox_letters import Letter
from workers.design import STATIC

EXTENSION = "postbox"
AT_ONCE = 50
"""Mails on one page of the list."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# `sandbox` once more, for who opens the part alone.
HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'; sandbox"
)


def create_app(letters: Callable[[], tuple[Letter, ...]]) -> Flask:
    """The pages over what `letters` answers, the oldest first."""
    app = Flask(__name__, static_folder=STATIC)
    # No page of somebody else's whose name was rebound to this machine may read the mails.
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    app.extensions[EXTENSION] = letters
    app.add_url_rule("/", view_func=overview)
    app.add_url_rule("/mails/<int:number>", view_func=mail)
    app.add_url_rule("/mails/<int:number>/html", view_func=html)
    app.add_url_rule("/mails/<int:number>/raw", view_func=raw)
    app.add_url_rule("/mails.json", view_func=listed)
    app.after_request(_guarded)
    app.register_error_handler(NotFound, _not_found)
    return app


def overview() -> str:
    """GET /?before={number}: the newest, or the newest of those that came before that one."""
    letters = _letters()
    before = request.args.get("before", type=int)
    count = len(letters)
    if before is not None:
        letters = tuple(letter for letter in letters if letter.number < before)
    shown = letters[-AT_ONCE:]
    return render_template(
        "postbox/overview.html", letters=shown[::-1], count=count, older=len(letters) - len(shown)
    )


def mail(number: int) -> str:
    """GET /mails/{number}"""
    return render_template("postbox/mail.html", letter=_letter(number))


def html(number: int) -> Response:
    """GET /mails/{number}/html: for the frame."""
    response = Response(_letter(number).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = HTML_POLICY
    return response


def raw(number: int) -> Response:
    """GET /mails/{number}/raw: the message as it came."""
    return Response(_letter(number).raw, mimetype="text/plain")


def listed() -> Response:
    """GET /mails.json: the oldest first; `to` is the envelope's."""
    return jsonify(list(map(_as_json, _letters())))


def _as_json(letter: Letter) -> dict[str, Any]:
    return {
        "number": letter.number,
        "received_at": letter.received_at.isoformat().replace("+00:00", "Z"),
        "to": letter.recipients,
        "subject": letter.subject,
        "message_id": letter.message_id,
        "method": letter.method,
        "uid": letter.uid,
        "sequence": letter.sequence,
    }


def _letter(number: int) -> Letter:
    found = {letter.number: letter for letter in _letters()}
    if number not in found:
        abort(
            404,
            "There is no such mail, or newer ones have pushed it out. The list at / has those that"
            " are kept.",
        )
    return found[number]


def _letters() -> tuple[Letter, ...]:
    letters: Callable[[], tuple[Letter, ...]] = current_app.extensions[EXTENSION]
    return letters()


def _not_found(error: NotFound) -> tuple[str, int]:
    return render_template("postbox/problem.html", problem=error.description), 404


def _guarded(response: Response) -> Response:
    response.headers.extend(HEADERS)
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    return response
