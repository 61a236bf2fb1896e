"""Mail texts over HTTP: set, shown, previewed and taken away, per company, project or cohort."""

import re
from typing import cast

from flask import Response, request

from domain.errors import one_of
from domain.mail import TEXT_KINDS
from domain.mail.choice import SCOPES, MailText, Scope, Template, canonical
from domain.sessions import Terms
from storage.rows import brands, mail_texts, outbox
from storage.schema.database import Tx
from webhooks.api.schemas.mail_texts import MailTextIn, MailTextOut, PreviewIn, PreviewOut, TextIn
from webhooks.http import patterns
from webhooks.http.context import runtime
from webhooks.http.idempotent import WriteResult, once
from webhooks.http.problems import RefusedRequest
from webhooks.http.requests import JSON
from workers.mailer import calendar_part, letters

HTML = "text/html"
# Styles of its own and the logo that we serve: no script, no other picture, no form, no way out of
# a frame of its own origin.
SHOWN_ONLY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none';"
    " base-uri 'none'; sandbox"
)


def show(scope: str, scope_id: str, kind: str, language: str) -> MailTextOut:
    """The text or switch that is set here, if one is."""
    found = _stored(*_place(scope, scope_id, kind, language))
    if found is None:
        raise _nothing_set()
    return to_out(found)


def put(scope: str, scope_id: str, kind: str, language: str, body: MailTextIn) -> Response:
    """Set the text or switch of one kind of mail in one language.

    Cohort overrides project overrides company overrides the default. Mails that waited for a
    correct text are due now.
    """
    place = _place(scope, scope_id, kind, language)
    template = _template(body, place[3])
    text = MailText(*place, enabled=body.enabled)
    if template is not None:
        words = (template.subject, template.text, template.html)
        text = MailText(*place, *words, enabled=body.enabled)

    def work(tx: Tx, _: Terms) -> WriteResult:
        mail_texts.put(tx, text)
        return WriteResult(to_out(text), wake=outbox.free_held(tx))

    return once(work)


def delete(scope: str, scope_id: str, kind: str, language: str) -> Response:
    """Take a text or switch away: the next wider scope's counts again, or the default."""
    place = _place(scope, scope_id, kind, language)

    def work(tx: Tx, _: Terms) -> WriteResult:
        if not mail_texts.delete(tx, *place):
            raise _nothing_set()
        return WriteResult(None, 204, outbox.free_held(tx))

    return once(work)


def preview(
    scope: str, scope_id: str, kind: str, language: str, body: PreviewIn
) -> PreviewOut | Response:
    """How a mail looks, with invented people: the text sent, else the one set here, else the
    default.

    Whoever asks for text/html gets the page itself, under a policy by which nothing in it runs or
    loads.
    """
    place = _place(scope, scope_id, kind, language)
    services = runtime().services
    template = _template(body, place[3]) or _template_of(_stored(*place))
    sender, now = services.settings.sender, services.now()
    with services.database.read() as tx:
        company = None
        if scope == "company":
            company = scope_id
        brand = brands.of_company(tx, company).over(services.settings.brand)
    mail = letters.preview(kind, language, template, sender=sender, now=now, brand=brand)
    if request.accept_mimetypes.best_match([JSON, HTML]) == HTML:
        return Response(mail.html, mimetype=HTML, headers={"Content-Security-Policy": SHOWN_ONLY})
    calendar = None
    if mail.invitation:
        calendar = calendar_part.calendar(mail.invitation).decode()
    return PreviewOut(
        language=mail.language,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        calendar=calendar,
    )


def _place(scope: str, scope_id: str, kind: str, language: str) -> tuple[Scope, str, str, str]:
    """What the path says, checked. Raises Invalid and Refused, with the field."""
    one_of("scope", scope, SCOPES)
    one_of("kind", kind, TEXT_KINDS)
    if not re.fullmatch(patterns.LANGUAGE, language):
        raise RefusedRequest(
            "invalid_value", "Send a language such as en, de or en-GB.", field="language"
        )
    return cast(Scope, scope), scope_id, kind, canonical(language)


def _template(sent: TextIn, language: str) -> Template | None:
    """The text that was sent, which its model has checked; None for none."""
    if sent.subject is None and sent.text is None and sent.html is None:
        return None
    subject, text = sent.subject or "", sent.text or ""
    return Template(language, subject, text, sent.html)


def _template_of(stored: MailText | None) -> Template | None:
    if stored is None or not stored.subject:
        return None
    return Template(stored.language, stored.subject, stored.text, stored.html)


def _stored(scope: Scope, scope_id: str, kind: str, language: str) -> MailText | None:
    with runtime().services.database.read() as tx:
        return mail_texts.get(tx, scope, scope_id, kind, language)


def _nothing_set() -> RefusedRequest:
    detail = (
        "Nothing is set here for this kind and language: PUT a text or a switch, or leave it to"
        " the wider scope."
    )
    return RefusedRequest("unknown_mail_text", detail, field="language")


def to_out(text: MailText) -> MailTextOut:
    return MailTextOut(
        scope=text.scope,
        scope_id=text.scope_id,
        kind=text.kind,
        language=text.language,
        enabled=text.enabled,
        subject=text.subject or None,
        text=text.text or None,
        html=text.html,
    )
