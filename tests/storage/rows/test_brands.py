"""What a company looks like is kept in one row; the logo has a life of its own in it."""

from domain import logos
from domain.brands import PLAIN, Brand
from domain.mail.support import Support
from storage.rows import brands
from storage.schema.database import Database
from tests.domain.pictures import PIXEL, png

ACME = Brand("Acme", Support.of("help@acme.test"), "#0b5394")
LOGO, OTHER = logos.picture(PIXEL), logos.picture(png(30, 20))


def test_a_brand_comes_back_as_it_went_in_and_the_logo_stays_beside_it(database: Database) -> None:
    with database.write() as tx:
        brands.put(tx, "acme", ACME)
        assert brands.get(tx, "acme") == ACME
        brands.put_logo(tx, "acme", LOGO)
        brands.put(tx, "acme", Brand("Acme Inc."))
        assert brands.get(tx, "acme") == Brand("Acme Inc.", logo=LOGO.logo)
        assert brands.logo(tx, LOGO.logo.digest) == LOGO.content


def test_a_logo_is_replaced_and_taken_away_alone(database: Database) -> None:
    with database.write() as tx:
        brands.put_logo(tx, "acme", LOGO)
        brands.put_logo(tx, "acme", OTHER)
        assert brands.get(tx, "acme") == Brand(logo=OTHER.logo)
        assert brands.logo(tx, LOGO.logo.digest) is None
        assert brands.delete_logo(tx, "acme")
        assert not brands.delete_logo(tx, "acme")
        assert brands.get(tx, "acme") == PLAIN


def test_two_companies_may_have_one_logo(database: Database) -> None:
    with database.write() as tx:
        for company in ("acme", "evil"):
            brands.put_logo(tx, company, LOGO)
        assert brands.delete(tx, "acme")
        assert not brands.delete(tx, "acme")
        assert brands.get(tx, "acme") is None
        assert brands.logo(tx, LOGO.logo.digest) == LOGO.content


def test_who_has_set_nothing_is_plain(database: Database) -> None:
    with database.read() as tx:
        assert brands.of_company(tx, None) == brands.of_company(tx, "nobody") == PLAIN
