"""What mails and pages look like for a company, over HTTP: set, shown, taken away."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from flask import Response, request

from domain import logos
from domain.brands import Brand, colour, sender_name
from domain.mail.support import Support
from domain.sessions import Terms
from storage.rows import brands
from storage.schema.database import Tx
from webhooks.api.schemas.brands import BrandIn, BrandOut
from webhooks.http.context import runtime
from webhooks.http.idempotent import WriteResult, once
from webhooks.http.problems import RefusedRequest
from webhooks.http.requests import BODY_CAP, CappedRequest

PNG = "image/png"


def show(company_id: str) -> BrandOut:
    """What is set for a company."""
    with runtime().services.database.read() as tx:
        return _shown(tx, company_id)


def put(company_id: str, body: BrandIn) -> Response:
    """Set the sender's name, whom people ask, and the colour, for mails and pages of this company.

    It is the `company` in the `context` of bookings and links. Mails keep their address and their
    organizer. What is left out is as for everybody again; the logo stays.
    """
    brand = Brand()
    if body.sender_name is not None:
        brand = replace(brand, sender_name=sender_name(body.sender_name))
    if body.support is not None:
        brand = replace(brand, support=Support.of(body.support))
    if body.colour is not None:
        brand = replace(brand, colour=colour("colour", body.colour))

    def work(tx: Tx, _: Terms) -> WriteResult:
        brands.put(tx, company_id, brand)
        return WriteResult(_shown(tx, company_id))

    return once(work)


def delete(company_id: str) -> Response:
    """Take all of it away, the logo too: mails and pages look as for everybody."""
    return _taken_away(brands.delete, company_id)


def put_logo(company_id: str) -> Response:
    """Set the logo: a PNG, sent as the body.

    At most 100,000 bytes and 1000 x 400 pixels. Only what makes the picture is kept, without what
    programs write beside it. An SVG is refused, since it could run scripts.
    """
    if request.mimetype != PNG:
        detail = f"Send the file itself as the body, as {PNG}."
        raise RefusedRequest("wrong_content_type", detail, field="Content-Type")
    picture = logos.picture(cast(CappedRequest, request).body(BODY_CAP))

    def work(tx: Tx, _: Terms) -> WriteResult:
        brands.put_logo(tx, company_id, picture)
        return WriteResult(_shown(tx, company_id))

    return once(work)


def delete_logo(company_id: str) -> Response:
    """Take the logo away. Mails that were sent with it show the sender's name there."""
    return _taken_away(brands.delete_logo, company_id)


def _taken_away(delete_: Callable[[Tx, str], bool], company_id: str) -> Response:
    def work(tx: Tx, _: Terms) -> WriteResult:
        if not delete_(tx, company_id):
            raise _nothing_set()
        return WriteResult(None, 204)

    return once(work)


def _shown(tx: Tx, company_id: str) -> BrandOut:
    found = brands.get(tx, company_id)
    if found is None:
        raise _nothing_set()
    support = None
    if found.support is not None:
        support = found.support.shown
    return BrandOut(
        company_id=company_id,
        sender_name=found.sender_name,
        support=support,
        colour=found.colour,
        logo_url=_logo_url(found),
    )


def _logo_url(brand: Brand) -> str | None:
    if brand.logo is None:
        return None
    return runtime().settings.base_url + brand.logo.path


def _nothing_set() -> RefusedRequest:
    detail = "Nothing is set for this company: PUT it first, or leave it as for everybody."
    return RefusedRequest("unknown_brand", detail, field="company_id")
