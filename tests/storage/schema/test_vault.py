"""Secrets at rest open only in their own row, and with a key that is still held."""

import pytest
from cryptography.fernet import Fernet

from storage.schema.vault import Sealed, Vault

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRETS = {"access": "at_1", "refresh": "rt_1"}


def test_what_is_sealed_opens_for_its_owner() -> None:
    vault = Vault([OLD])
    assert vault.open("con_1", vault.seal("con_1", SECRETS)) == SECRETS


def test_a_secret_in_another_row_is_refused() -> None:
    vault = Vault([OLD])
    with pytest.raises(Sealed, match="con_2"):
        vault.open("con_2", vault.seal("con_1", SECRETS))


def test_after_a_rotation_old_secrets_still_open_and_new_ones_need_the_new_key() -> None:
    rotated = Vault([NEW, OLD])
    assert rotated.open("con_1", Vault([OLD]).seal("con_1", SECRETS)) == SECRETS
    with pytest.raises(Sealed, match="COACHCAL_SECRET_KEYS"):
        Vault([OLD]).open("con_1", rotated.seal("con_1", SECRETS))


def test_a_sealed_secret_cannot_be_read() -> None:
    assert b"rt_1" not in Vault([OLD]).seal("con_1", SECRETS)
    assert OLD not in repr(Vault([OLD]))
