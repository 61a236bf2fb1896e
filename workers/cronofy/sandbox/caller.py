"""Who is calling: the bearer of a request, and what it may do. Refusals have empty bodies."""

from flask import request

from workers.cronofy.sandbox import grants
from workers.cronofy.sandbox.errors import ProtocolError
from workers.cronofy.sandbox.responses import current_world
from workers.cronofy.sandbox.world import Access, SandboxAccount


def caller(*needs: str) -> tuple[Access, SandboxAccount]:
    """The access token's grant and account.
    Raises ProtocolError 401, or 403 unless one of `needs` is in its scope.
    """
    world = current_world()
    access = world.access.get(_bearer())
    # An expired token and one that never was are told alike; what the body says is not documented.
    if access is None or access.expires_at <= world.clock.now():
        raise ProtocolError(401)
    if needs and not any(grants.allows(access.scope, need) for need in needs):
        raise ProtocolError(403)
    return access, world.account(access.sub)


def application_or_caller() -> None:
    """Let the application's secret (as an API key) or any account's access token pass.
    Raises ProtocolError 401.
    """
    if _bearer() not in current_world().secrets:
        caller()


def _bearer() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return ""
    return value.strip()
