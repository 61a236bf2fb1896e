"""Logging in by an OpenID Connect provider: the authorization code with PKCE, state and nonce.

    web process -> browser          begin: the provider's page, with state, nonce and challenge
    browser     -> provider         who they are
    provider    -> browser -> web   finish: a code and the state
    web process -> provider         the code for an ID token; its keys; perhaps its userinfo

What a provider said is worth nothing until its signature, issuer, audience, times and nonce are
right. Which group may do what is decided by whoever asks us (`webhooks/ops/roles.py`).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.oidc.logins import Logins
    from workers.settings import Settings


def logins_of(settings: "Settings") -> "Logins | None":
    """By the provider that the settings name; None where they name none."""
    if settings.oidc_issuer is None:
        return None
    # Here, because most name none: Authlib is 180 modules and 5 MB of each web process.
    from workers.oidc.logins import Logins

    return Logins(settings)
