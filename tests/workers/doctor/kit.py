"""What the doctor finds in a house."""

from typing import Any

from cryptography.fernet import Fernet

from workers import doctor
from workers.doctor.finding import Finding
from workers.services import Services


def found(services: Services, check: str) -> list[Finding]:
    """What one check says, among all."""
    return [finding for finding in doctor.examine(services) if finding.check == check]


def only(services: Services, check: str) -> Finding:
    (finding,) = found(services, check)
    return finding


GOOD: dict[str, Any] = {
    "database_url": "sqlite:///x.db",
    "redis_url": "redis://127.0.0.1",
    "public_url": "https://coaching.example",
    "secret_keys": Fernet.generate_key().decode(),
    "cronofy_client_id": "cid",
    "cronofy_client_secrets": "secret",
}
