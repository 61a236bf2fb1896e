"""The time zones that a person may live in, by city and country, with their offset now: one list a
language, which a page asks for when somebody is about to choose.
"""

import re
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.resources import files

import orjson
from babel import Locale
from babel.dates import get_timezone_location
from flask import Response, url_for

from domain.hours import timezone
from domain.mail.choice import default_language
from webhooks.http.context import runtime
from webhooks.http.page_sessions import language as spoken
from webhooks.http.response_cache import exact
from webhooks.pages import formats
from workers.mailer.times import signed

HOUR = 3600
KEPT_SECONDS = 7 * 24 * HOUR
MOST_TYPED = 100
_OFFSET = re.compile(r"\s*\u200e?[+\u2212-]\d\d:\d\d$")
_SPACES = re.compile(r"[\s_,]+")


def zones_list(tongue: str, version: str) -> Response:
    """GET /pages/zones/{language}/{version}.json: [["Asia/Tokyo", "Tokyo, Japan +09:00"], ...]"""
    known, body = _written(_hour(), default_language(tongue))
    response = Response(body, mimetype="application/json")
    if version == known:
        response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}, immutable"
    return response


ROUTES = (("GET", "/pages/zones/<tongue>/<version>.json", zones_list),)


def list_url() -> str:
    """Where the list is, in the guest's language; another name whenever an offset changes."""
    tongue = spoken()
    version, _ = _written(_hour(), tongue)
    return url_for("pages.zones_list", tongue=tongue, version=version)


def short_name(zone: str, language: str) -> str:
    """London +01:00, as the field shows it; the IANA name of a zone that the list has not."""
    if zone not in _countries():
        return zone
    return f"{_city(zone, language)} {_offset(zone, _hour(), language)}"


def understood(typed: str, language: str) -> str:
    """The IANA name of what somebody typed: that name, a city, or a country (its first zone).

    Raises Invalid.
    """
    wanted = _plain(_OFFSET.sub("", typed[:MOST_TYPED]))
    found = _meanings(language).get(wanted)
    return found or timezone(typed.strip()).key


def _hour() -> int:
    """The hour that it is, in epoch seconds: offsets change at full ones."""
    return int(runtime().services.now().timestamp()) // HOUR * HOUR


@lru_cache(maxsize=16)  # 20 kB each
def _written(hour: int, language: str) -> tuple[str, bytes]:
    """The list as it is sent, and a name for it that changes with it."""
    listed = []
    for zone in _countries():
        whole = f"{_place(zone, language)} {_offset(zone, hour, language)}"
        listed.append((zone, whole))
    listed.sort(key=lambda each: each[1])
    body = exact(orjson.dumps(listed))
    return blake2b(body, digest_size=6).hexdigest(), body


@lru_cache(maxsize=16)  # 60 kB each
def _meanings(language: str) -> dict[str, str]:
    """What may be typed, plainly, and the zone that it means. Cities count for more than
    countries.
    """
    meant: dict[str, str] = {}
    for zone in _countries():
        names = (zone, _place(zone, language), _city(zone, language))
        for name in names:
            meant.setdefault(_plain(name), zone)
    for zone, country in _countries().items():
        meant.setdefault(_plain(_named(country, language)), zone)
    meant.pop("", None)  # the country of UTC
    return meant


def _place(zone: str, language: str) -> str:
    """Tokyo, Japan"""
    city, country = _city(zone, language), _named(_countries()[zone], language)
    if country in ("", city):  # UTC, Singapore
        return city
    return f"{city}, {country}"


@lru_cache(maxsize=8192)
def _city(zone: str, language: str) -> str:
    locale = Locale.parse(formats.LOCALES[language])
    return get_timezone_location(timezone(zone), locale=locale, return_city=True) or zone


def _named(country: str, language: str) -> str:
    return str(Locale.parse(formats.LOCALES[language]).territories.get(country, ""))


def _offset(zone: str, hour: int, language: str) -> str:
    offset = formats.offset(hour, zone).removeprefix("GMT")
    return signed(offset, Locale.parse(formats.LOCALES[language]))


def _plain(name: str) -> str:
    return _SPACES.sub(" ", name).strip().casefold()


@cache
def _countries() -> dict[str, str]:
    """The country of each zone, as the tz database lists them, in its order; and UTC, which has
    none.
    """
    listed = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines()
    found = {}
    for line in listed:
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found[zone] = country
    return found | {"UTC": ""}
