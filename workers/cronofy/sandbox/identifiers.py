"""The shapes of the names that Cronofy gives to things: opaque, prefixed, mixed case."""

from secrets import choice, token_hex, token_urlsafe
from string import ascii_letters, digits


def account() -> str:
    """`acc_` and 24 hex digits: 28 characters, the length that the docs call fixed."""
    return f"acc_{token_hex(12)}"


def profile() -> str:
    """`pro_` and 16 characters of base64url: `-` and `_` do occur, so nobody may split on them."""
    return f"pro_{token_urlsafe(12)}"


def calendar(profile_id: str) -> str:
    """`cal_<profile part>_<calendar part>`."""
    return f"cal_{profile_id.removeprefix('pro_')}_{token_urlsafe(12)}"


def external_event() -> str:
    """An event that the person made in their own calendar."""
    return f"evt_external_{token_hex(12)}"


def managed_event() -> str:
    """An event that the application wrote through the API."""
    return f"evt_{token_hex(12)}"


def channel() -> str:
    """A notification channel."""
    return f"chn_{token_hex(12)}"


# Nobody may read more into them than that: Cronofy calls all of its ids opaque.
def page(kind: str) -> str:
    """A page of a long answer: 24 hex digits for free/busy, 16 for events."""
    if kind == "free_busy":
        return token_hex(12)
    return token_hex(8)


def client_id() -> str:
    """The application's id."""
    return f"cid_{token_urlsafe(16)}"


def client_secret() -> str:
    """`CRN_` and 38 letters or digits, as the two secrets that Cronofy has printed."""
    return "CRN_" + "".join(choice(ascii_letters + digits) for _ in range(38))


def token(prefix: str) -> str:
    """An access token (`at`), refresh token (`rt`) or authorization code (`code`)."""
    return f"{prefix}_{token_urlsafe(24)}"
