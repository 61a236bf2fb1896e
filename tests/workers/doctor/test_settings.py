"""The doctor's checks of settings: those that contradict each other, and those that are none."""

from typing import Any

import pytest

from tests.support.in_process import House
from tests.workers.doctor.kit import GOOD, found, only
from workers.doctor.contradictions import contradictions
from workers.settings import Settings


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ()),
        ({"worker_metrics_port": 9100, "clock_metrics_port": 9101}, ()),
        (
            {"worker_metrics_port": 9100, "clock_metrics_port": 9100},
            ("WORKER_METRICS_PORT", "CLOCK_METRICS_PORT"),
        ),
        ({"clock_metrics_port": 8000}, ("CLOCK_METRICS_PORT", "PORT")),
        ({"smtp_url": "smtp://127.0.0.1"}, ("COACHCAL_SMTP_URL", "COACHCAL_MAILER")),
        (
            {"callback_secret": f"whsec_{'YWJj' * 10}"},
            ("COACHCAL_CALLBACK_SECRET", "COACHCAL_CALLBACK_URL"),
        ),
        (
            {"cronofy_origin": "http://127.0.0.1:1", "cronofy_data_center": "de"},
            ("_ORIGIN", "_DATA_CENTER"),
        ),
        ({"public_url": "https://127.0.0.1"}, ("COACHCAL_PUBLIC_URL",)),
        ({"public_url": "http://coaching.example"}, ("COACHCAL_PUBLIC_URL",)),
        ({"public_url": "https://localhost", "cronofy_origin": "http://127.0.0.1:1"}, ()),
        ({"clock_offset_seconds": 60}, ("COACHCAL_CLOCK_OFFSET_SECONDS",)),
        ({"stale_minutes": 60}, ("COACHCAL_STALE_MINUTES", "COACHCAL_RECONCILE_MINUTES")),
        (
            {"reconcile_busy_minutes": 61},
            ("COACHCAL_RECONCILE_BUSY_MINUTES", "COACHCAL_RECONCILE_MINUTES"),
        ),
        ({"last_known_hours": 1}, ("COACHCAL_LAST_KNOWN_HOURS", "COACHCAL_STALE_MINUTES")),
    ],
)
def test_settings_that_contradict_each_other_are_named(
    changes: dict[str, Any], names: tuple[str, ...]
) -> None:
    told = list(contradictions(Settings(**GOOD | changes)))
    assert len(told) == bool(names)
    for detail, next_step in told:
        assert all(name in detail for name in names)
        assert any(word in next_step for word in ("set", "unset"))


def test_a_variable_that_is_no_setting_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "COACHCAL_RECONCILE_MINUTE" not in str(found(house.runtime.services, "settings"))
    monkeypatch.setenv("COACHCAL_RECONCILE_MINUTE", "5")
    monkeypatch.setenv("COACHCAL_RECONCILE_MINUTES", "60")
    assert (
        "COACHCAL_RECONCILE_MINUTE is no setting" in only(house.runtime.services, "settings").detail
    )
