"""Each check of the doctor's: well when all is well, and the next step when it is not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from redis import Redis
from sqlalchemy import create_engine, make_url

from storage.schema import tables
from storage.schema.database import create
from storage.schema.vault import Vault
from tests.support.databases import Kind, PostgresDatabases
from tests.support.in_process import House, built
from tests.workers.mailer.postman import Postman, running
from workers import doctor
from workers.doctor import disks
from workers.doctor.contradictions import contradictions
from workers.doctor.finding import Finding
from workers.mailer.server import MailServer, Tls
from workers.mailer.smtp import SmtpMailer
from workers.services import Services
from workers.settings import Settings


@pytest.fixture
def house(fresh_database: Callable[[Kind], str], redis_url: str) -> Iterator[House]:
    with built(fresh_database("sqlite"), redis_url) as house:
        yield house


def found(services: Services, check: str) -> list[Finding]:
    """What one check says, among all."""
    return [finding for finding in doctor.examine(services) if finding.check == check]


def only(services: Services, check: str) -> Finding:
    (finding,) = found(services, check)
    return finding


# -- one never hides another -------------------------------------------------------------


@pytest.mark.parametrize("name", [*doctor.NEIGHBOURS, *doctor.ROWS])
def test_a_check_that_dies_is_told_and_hides_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def dies(_services: Services) -> Iterator[Finding]:
        yield Finding("before", "it found this")
        raise KeyError("x of ada@example.test")

    well = {finding.check for finding in doctor.examine(house.runtime.services)}
    checks = doctor.NEIGHBOURS if name in doctor.NEIGHBOURS else doctor.ROWS
    itself = {finding.check for finding in checks[name](house.runtime.services)}
    monkeypatch.setitem(checks, name, dies)
    findings = {finding.check: finding for finding in doctor.examine(house.runtime.services)}
    assert findings[name].detail == "could not be looked at: KeyError: 'x of [redacted]'"
    assert "coachcal doctor" in findings[name].next_step
    assert set(findings) >= (well - itself) | {"before"}


def test_a_database_that_goes_away_meanwhile_is_told_by_each_check_of_rows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_tables(services: Services) -> Iterator[Finding]:
        with services.database.write() as tx:
            tables.metadata.drop_all(tx)
        yield Finding("settings", "fine")

    monkeypatch.setitem(doctor.NEIGHBOURS, "settings", without_tables)
    findings = {finding.check: finding for finding in doctor.examine(house.runtime.services)}
    reading = set(doctor.ROWS) - {"writes"}
    assert {findings[name].next_step for name in reading} == {"run: coachcal migrate"}


# -- the schema --------------------------------------------------------------------------


def test_the_schema_of_a_newer_release_is_told_and_the_rows_are_looked_at(house: House) -> None:
    with house.runtime.services.database.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "newer" in only(house.runtime.services, "schema").detail
    assert not only(house.runtime.services, "backlog").next_step


@pytest.fixture
def read_only(fresh_database: Callable[[Kind], str], postgres: PostgresDatabases) -> Iterator[str]:
    """A PostgreSQL as after a fail-over: it answers, and takes no write."""
    url = fresh_database("postgresql")
    change = f'ALTER DATABASE "{make_url(url).database}" {{}} default_transaction_read_only'
    server = create_engine(postgres.server.url, isolation_level="AUTOCOMMIT")
    with server.connect() as tx:
        tx.exec_driver_sql(change.format("SET") + " = on")
    yield url
    with server.connect() as tx:
        tx.exec_driver_sql(change.format("RESET"))
    server.dispose()


def test_a_database_that_may_only_be_read_is_told(house: House, read_only: str) -> None:
    assert only(house.runtime.services, "writes").next_step == ""
    after = replace(house.runtime.services, database=create(read_only))
    # No connection to it is used for anything, since it would stay so for as long as it lives
    assert "can only be read" in only(after, "database").detail
    assert "DATABASE_URL" in only(after, "database").next_step
    # And what is known to be out is not asked again for a while, but told in the same words
    assert "can only be read" in only(after, "database").detail
    after.database.close()


# -- settings ----------------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "database_url": "sqlite:///x.db",
    "redis_url": "redis://127.0.0.1",
    "public_url": "https://coaching.example",
    "secret_keys": Fernet.generate_key().decode(),
    "cronofy_client_id": "cid",
    "cronofy_client_secrets": "secret",
}


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


# -- Redis -------------------------------------------------------------------------------


@contextmanager
def redis_set(url: str, **options: str) -> Iterator[None]:
    """These settings of Redis's, put back afterwards."""
    with Redis.from_url(url, decode_responses=True) as client:
        was = {name: client.config_get(name)[name] for name in options}
        try:
            for name, value in options.items():
                client.config_set(name, value)
            yield
        finally:
            for name, value in was.items():
                client.config_set(name, value)


def test_a_redis_that_forgets_is_told(house: House, redis_url: str) -> None:
    assert only(house.runtime.services, "redis memory").next_step == ""
    with redis_set(redis_url, **{"maxmemory-policy": "allkeys-lru"}):
        assert "noeviction" in only(house.runtime.services, "redis memory").next_step


def test_a_redis_that_is_full_is_told(house: House, redis_url: str) -> None:
    with redis_set(redis_url, maxmemory="1000"):
        assert "maxmemory" in only(house.runtime.services, "redis memory").next_step
        assert only(house.runtime.services, "redis writes").detail == "it is full"


def test_a_redis_that_may_only_be_read_is_told(house: House, redis_url: str) -> None:
    assert found(house.runtime.services, "redis writes") == []
    with Redis.from_url(redis_url) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "9")
        try:
            assert "primary" in only(house.runtime.services, "redis writes").next_step
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")


# -- mail --------------------------------------------------------------------------------


def told_of_mail(
    house: House, port: int, tls: Tls = "none", login: tuple[str, str] | None = None
) -> tuple[str, str]:
    mailer = SmtpMailer(
        MailServer("127.0.0.1", port, tls, *(login or ())), greeting="coaching.example", deadline=5
    )
    finding = only(replace(house.runtime.services, mailer=mailer), "mail")
    mailer.close()
    return finding.detail, finding.next_step


def test_a_mail_server_that_takes_us_is_well_and_is_sent_nothing(house: House) -> None:
    with running() as postman:
        assert told_of_mail(house, postman.port) == (
            "the server takes the login and the sender",
            "",
        )
    assert postman.taken == []
    assert len(postman.connections) == 1


def test_what_a_mail_server_refuses_is_told_with_the_setting(house: House) -> None:
    sender = house.runtime.settings.sender.mailbox.email
    refusing = Postman(sender={sender: "550 5.1.8 not you"})
    with running(refusing):
        detail, next_step = told_of_mail(house, refusing.port)
        assert "MAIL FROM: 550" in detail
        assert "COACHCAL_MAIL_FROM" in next_step
        # And one without STARTTLS
        assert "tls=" in told_of_mail(house, refusing.port, "starttls")[1]
    guarded = Postman()
    with running(guarded, authenticator=guarded.authenticate, auth_require_tls=False):
        assert "user and password" in told_of_mail(house, guarded.port, login=("user", "wrong"))[1]
        assert told_of_mail(house, guarded.port, login=("user", "right"))[1] == ""
    assert "host and port" in told_of_mail(house, guarded.port)[1]


# -- disks -------------------------------------------------------------------------------


def test_a_disk_that_is_nearly_full_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "DATABASE_ROOM", 1 << 60)
    assert "DATABASE_URL" in only(house.runtime.services, "disk of the database").next_step
    assert not only(house.runtime.services, "temporary folder").next_step
    monkeypatch.setattr(disks, "TEMPORARY_ROOM", 1 << 60)
    assert "TMPDIR" in only(house.runtime.services, "temporary folder").next_step


def test_a_folder_that_cannot_be_written_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/none")
    assert "TMPDIR" in only(house.runtime.services, "temporary folder").next_step


# -- stored secrets ----------------------------------------------------------------------


def test_stored_secrets_that_do_not_open_are_counted(house: House) -> None:
    services = house.runtime.services
    house.introduce()
    connection_id = house.connect().connection_id
    house.refresh(connection_id)
    assert only(services, "secrets") == Finding("secrets", "2 stored, all open with the newest key")
    old = house.runtime.settings.secret_keys[0].get_secret_value()
    new = Fernet.generate_key().decode()
    # With a newer key first
    rotated = only(replace(services, vault=Vault([new, old])), "secrets")
    assert "2 stored, all open, 2 with a later one of COACHCAL_SECRET_KEYS" in rotated.detail
    assert rotated.next_step == "run: coachcal secrets reseal"
    # Without theirs; and the channel that nobody can ask about hides nothing
    lost = replace(services, vault=Vault([new]))
    assert (
        only(lost, "secrets").detail == f"2 of 2 do not open, those of {connection_id} among them"
    )
    assert "COACHCAL_SECRET_KEYS" in only(lost, "secrets").next_step
    assert only(lost, f"channel of {connection_id}").next_step
    assert only(lost, "channels").detail == "1 looked at"


# -- channels ----------------------------------------------------------------------------


def test_a_channel_that_pushes_to_an_address_of_before_is_found_and_mended(house: House) -> None:
    services = house.runtime.services
    house.introduce()
    connection_id = house.connect().connection_id
    house.refresh(connection_id)
    assert found(services, f"channel of {connection_id}") == []
    moved = replace(
        services,
        settings=services.settings.model_copy(update={"public_url": _url("http://127.0.0.2:9")}),
    )
    finding = only(moved, f"channel of {connection_id}")
    assert finding.detail == "pushes to http://127.0.0.1:9, not to COACHCAL_PUBLIC_URL"
    assert finding.next_step == "run: coachcal channels audit"


def _url(text: str) -> Any:
    return Settings(**GOOD | {"public_url": text}).public_url


def test_a_sqlite_in_memory_has_no_disk(house: House, tmp_path: Path) -> None:
    memory = replace(house.runtime.services, database=create("sqlite://"))
    assert found(memory, "disk of the database") == []
    memory.database.close()
