"""Where Cronofy lives, and which addresses may see a token.

Quirks: the six data centres are separate instances, and nothing in any answer names the one it came
from; paging hands out absolute URLs, and the bearer token goes with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from workers.loopback import is_loopback


class Origins(NamedTuple):
    """The two faces of one Cronofy instance: for programs, and for browsers."""

    api: str
    app: str


def _in(suffix: str) -> Origins:
    return Origins(f"https://api{suffix}.cronofy.com", f"https://app{suffix}.cronofy.com")


ORIGINS: Mapping[str, Origins] = MappingProxyType(
    {
        "us": _in(""),
        "au": _in("-au"),
        "ca": _in("-ca"),
        "de": _in("-de"),
        "sg": _in("-sg"),
        "uk": _in("-uk"),
    }
)
"""By data centre. Source: docs.cronofy.com, Data Centers."""

_DEFAULT_PORTS = {"https": 443, "http": 80}
# Printable ASCII without the characters on which URL parsers disagree: a backslash is a slash to
# some.
_PLAIN = re.compile(r"[\x21-\x7e]+", re.ASCII)
_DISPUTED = re.compile(r"[\\#<>\"^`{|}]")


def checked(origin: str) -> str:
    """An origin as `scheme://host[:port]`, without a trailing slash.

    Raises ValueError for anything more than an origin, and for plain http beyond loopback: tokens
    travel on it.
    """
    parts = _split(origin)
    if parts is None or parts.path not in ("", "/") or parts.query:
        raise ValueError(
            "a Cronofy origin looks like https://api.cronofy.com, with no path and no user name"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(
            "plain http is only for a sandbox on this machine; use https for this Cronofy origin"
        )
    return f"{parts.scheme}://{parts.netloc}"


def path_on(origin: str, url: str) -> str | None:
    """Path and query of a URL when it is on that origin (same scheme, host and port), else None.

    The caller asks its own origin for that path, so that no second parser decides where the token
    goes.
    """
    here, there = _split(origin), _split(url)
    if here is None or there is None or _place(here) != _place(there):
        return None
    # A path that climbs leads elsewhere than it seems to, and a proxy may resolve it first.
    if not there.path.startswith("/") or {".", ".."} & set(unquote(there.path).split("/")):
        return None
    if not there.query:
        return there.path
    return f"{there.path}?{there.query}"


def _split(url: str) -> SplitResult | None:
    """The parts of a plain http(s) URL; None when it is anything else, or carries a user name."""
    # urlsplit drops tabs and line ends before it looks, so they must be refused before it does.
    if not _PLAIN.fullmatch(url) or _DISPUTED.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port  # reading one that is no number raises
    except ValueError:
        return None
    if port == 0 or parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    # With a user name the host is what stands behind the @, which few readers see.
    if "@" in parts.netloc:
        return None
    return parts


def _place(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme]
