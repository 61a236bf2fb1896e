"""What mails and pages look like, per company. The logo itself is read only by whoever shows it."""

from typing import Any

from sqlalchemy import Connection, select

from domain.brands import PLAIN, Brand, Logo
from domain.logos import Picture
from domain.mail.support import Support
from storage.schema.database import insert
from storage.schema.tables import brands

row = brands.c
LOGO = ("logo", "logo_digest", "logo_width", "logo_height")
SHOWN = (
    row.sender_name,
    row.support,
    row.colour,
    row.logo_digest,
    row.logo_width,
    row.logo_height,
)


def put(tx: Connection, company: str, brand: Brand) -> None:
    """Insert, or replace all but the logo, which has a file of its own."""
    support = brand.support.shown if brand.support else None
    values = {"sender_name": brand.sender_name, "support": support, "colour": brand.colour}
    _put(tx, company, values)


def put_logo(tx: Connection, company: str, picture: Picture) -> None:
    logo = picture.logo
    values = (picture.content, logo.digest, logo.width, logo.height)
    _put(tx, company, dict(zip(LOGO, values, strict=True)))


def get(tx: Connection, company: str) -> Brand | None:
    found = tx.execute(select(*SHOWN).where(row.company == company)).first()
    if found is None:
        return None
    logo = found.logo_digest and Logo(found.logo_digest, found.logo_width, found.logo_height)
    support = found.support and Support.of(found.support)
    return Brand(found.sender_name, support, found.colour, logo)


def of_company(tx: Connection, company: str | None) -> Brand:
    """The company's, or a plain one where there is none."""
    return (company and get(tx, company)) or PLAIN


def logo(tx: Connection, digest: str) -> bytes | None:
    """The file of this name, whosever it is."""
    content: bytes | None = tx.scalar(select(row.logo).where(row.logo_digest == digest).limit(1))
    return content


def delete(tx: Connection, company: str) -> bool:
    """Whether there was anything."""
    return tx.execute(brands.delete().where(row.company == company)).rowcount > 0


def delete_logo(tx: Connection, company: str) -> bool:
    """Whether there was one."""
    there = (row.company == company) & row.logo_digest.is_not(None)
    gone = brands.update().where(there).values(dict.fromkeys(LOGO))
    return tx.execute(gone).rowcount > 0


def _put(tx: Connection, company: str, values: dict[str, Any]) -> None:
    tx.execute(
        insert(tx, brands)
        .values(company=company, **values)
        .on_conflict_do_update(index_elements=["company"], set_=values)
    )
