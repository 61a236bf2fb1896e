"""`coachcal secrets`: a new one fits its setting; `reseal` says what it did, when the old key may
go, and what to do where it cannot.
"""

import pytest
from cryptography.fernet import Fernet

from tests.support.command_line import run
from tests.support.in_process import House
from tests.webhooks.cli.kept import diary
from workers.delivery.webhook_sender import check_secret

KEYS = "COACHCAL_SECRET_KEYS"


def test_a_new_secret_is_one_that_its_setting_takes_and_never_the_same() -> None:
    sealing = [run("secrets", "create").stdout.strip() for _ in range(2)]
    signing = [run("secrets", "create", "--callback").stdout.strip() for _ in range(2)]
    for key in sealing:
        assert Fernet(key).encrypt(b"a token")
    for secret in signing:
        check_secret(secret)
    assert len({*sealing, *signing}) == 4


def test_a_key_is_replaced_step_by_step(told: House, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (
        told.runtime.settings.secret_keys[0].get_secret_value(),
        Fernet.generate_key().decode(),
    )
    told.introduce()
    told.refresh(told.connect().connection_id)
    # With another key alone it names the setting, and writes nothing down
    monkeypatch.setenv(KEYS, new)
    lost = run("secrets", "reseal")
    assert lost.exit_code == 1
    assert lost.stderr.startswith("Error: 2 of 2 stored secrets do not open")
    assert f"add their key back to {KEYS}" in lost.stderr
    assert diary(told) == []
    # With the new one first
    monkeypatch.setenv(KEYS, f"{new},{old}")
    done = run("secrets", "reseal")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "re-sealed 2, and 0 had the newest key already"
    assert f"nothing stored needs the older keys of {KEYS} now" in done.stdout
    assert diary(told) == [("reseal", "secrets")]
    # Without the old one
    monkeypatch.setenv(KEYS, new)
    assert "secrets: 2 stored, all open with the newest key" in run("doctor").stdout
    again = run("secrets", "reseal")
    assert again.stdout.splitlines() == ["re-sealed 0, and 2 had the newest key already"]
    assert diary(told) == [("reseal", "secrets")]
