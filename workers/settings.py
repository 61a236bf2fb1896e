"""Every variable, its default and its meaning, on one page.
The manual's table is written from it.
"""

import base64
import os
import re
from datetime import timedelta
from typing import Annotated, Literal, TypeVar, cast

from pydantic import AnyHttpUrl, Field, IPvAnyNetwork, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.brands import Brand, colour
from domain.mail import Sender
from domain.mail.invitations import Address
from domain.mail.safety import mailbox
from domain.mail.support import Support
from domain.places import Kind as PlaceKind
from domain.places import Place, Rule
from workers.delivery.webhook_sender import check_secret, check_url
from workers.mailer.server import MailServer
from workers.oidc.exchanges import is_safe

NOBODY = "coachcal <coachcal@localhost>"
"""The sender of mails that go nowhere."""
# It is written into a header as it is.
ORIGIN = re.compile(
    r"https://[A-Za-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?", re.ASCII
)

DATABASES = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
REDISES = ("redis", "rediss", "unix")
KEY_BYTES = 32
MAKE_A_KEY = "coachcal secrets create"

Given = TypeVar("Given")
Secrets = Annotated[tuple[SecretStr, ...], NoDecode]
Groups = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Read from the environment once, by `bootstrap`.
    What is missing or wrong is named, and stops the start.
    """

    model_config = SettingsConfigDict(
        env_prefix="COACHCAL_",
        frozen=True,
        populate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,  # the input of a wrong SMTP_URL holds its password
    )

    database_url: str = Field(
        alias="DATABASE_URL", description="sqlite:///file.db or postgresql://..."
    )
    redis_url: str = Field(
        alias="REDIS_URL",
        description="the broker, the shared rate budget and limits; disposable;"
        " behind Sentinel: `sentinel://a,b,c/name`",
    )
    public_url: AnyHttpUrl = Field(description="where Cronofy and browsers reach the web process")
    secret_keys: Secrets = Field(
        min_length=1, description="Fernet keys for tokens at rest, the newest first"
    )
    cronofy_client_id: str = Field(description="of the application in Cronofy's dashboard")
    cronofy_client_secrets: Secrets = Field(
        min_length=1, description="the first makes calls, all verify pushes"
    )
    cronofy_data_center: Literal["us", "au", "ca", "de", "sg", "uk"] = Field(
        "us", description="where it lives"
    )
    cronofy_origin: str | None = Field(
        None, description="instead of a data centre: a sandbox, http://127.0.0.1:8900"
    )
    cronofy_scope: Literal["read_write", "free_busy_write"] = Field(
        "read_write",
        description="asked of coaches; `free_busy_write` lets them choose to give less than that",
    )
    # What Cronofy grants an application by default; its support raises both on request.
    rate_per_second: int = Field(
        50, ge=1, description="calls to Cronofy a second, over all processes"
    )
    rate_per_minute: int = Field(
        500, ge=1, description="calls to Cronofy a minute, over all processes"
    )
    # A storm of pushes for one calendar then costs one read in five seconds, and not one a push.
    minimum_gap_seconds: float = Field(
        5, gt=0, description="between the starts of two reads of one connection"
    )
    # By default longer than the deadline of a read (20 s), so that only who died or was frozen
    # loses it. Deadlines of mails, callbacks and calendar writes are shares of it.
    lease_seconds: int = Field(
        30, ge=5, description="how long a reader may take before another may start"
    )
    # At most 2 s: the promise of how soon a lost wake-up is made good counts on it.
    sweep_seconds: float = Field(0.5, gt=0, le=2, description="how often owed reads are looked for")
    # Pushes get lost, and what enters Cronofy's window as time passes is not pushed at all.
    reconcile_minutes: int = Field(
        60,
        ge=1,
        description="every connection is read this often without any push, as calls allow",
    )
    reconcile_busy_minutes: int = Field(
        15, ge=1, description="the same for one whose periods changed within a day"
    )
    # Longer than between two reconciliations, or a calendar would be stale while all is well: the
    # doctor looks at both.
    stale_minutes: int = Field(
        90,
        ge=1,
        description="a calendar not read for this long is stale: the policy applies; later in a"
        " fleet for which Cronofy's calls are too few",
    )
    policy: Literal["hide", "last_known", "hours_only"] = Field(
        "last_known", description="for coaches who set none"
    )
    last_known_hours: int = Field(24, ge=1, description="T of the policy last_known")
    mailer: Literal["console", "smtp"] = Field(
        "console", description="where mails go; smtp in production"
    )
    smtp_url: SecretStr | None = Field(
        None,
        validate_default=True,
        description="smtp://user:password@host:587?tls=starttls; tls is starttls, tls or none",
    )
    mail_from: str | None = Field(
        None,
        validate_default=True,
        description="the sender: Coaching <coaching@example.com>; needed for smtp",
    )
    mail_organizer: str | None = Field(
        None,
        description=(
            "the organizer in calendars, MAIL_FROM if unset; never change it while sessions are"
            " booked"
        ),
    )
    support: str | None = Field(
        None, description="where people ask for help: help@example.com, or an https URL"
    )
    brand_colour: str | None = Field(
        None,
        description=(
            "of buttons and links, where a company has none of its own: #0b5394; texts stay"
            " readable on any"
        ),
    )
    # Of services that are well most links come within these: one mail is better than two.
    link_wait_seconds: float = Field(
        10, ge=0, le=300, description="how long a first mail waits for the link of its session"
    )
    place: str | None = Field(
        None,
        repr=False,
        description=(
            "where sessions are, unless somebody says otherwise: conferencing, or a kind and its"
            " value, url https://meet.example.com/ours"
        ),
    )
    place_kinds: Annotated[tuple[PlaceKind, ...] | None, NoDecode] = Field(
        None,
        description=(
            "the kinds of places that sessions may have: conferencing, url, phone, address,"
            " platform, with commas; all if unset"
        ),
    )
    callback_url: str | None = Field(
        None,
        repr=False,
        description="where the platform is told of changes: https, or http on this machine",
    )
    callback_secret: Annotated[tuple[SecretStr, ...] | None, NoDecode] = Field(
        None,
        validate_default=True,
        description="signs what is posted there: whsec_..., during a rotation new,old",
    )
    endpoint_off_days: int = Field(
        5,
        ge=1,
        le=90,
        description="a webhook endpoint at which nothing is taken for so long is off",
    )
    ops_mail: str | None = Field(
        None, description="who is mailed when a webhook endpoint is switched off"
    )
    ops_url: AnyHttpUrl | None = Field(
        None,
        description="where people of ops reach /ops, where that is not COACHCAL_PUBLIC_URL; a login"
        " provider sends them back there",
    )
    oidc_issuer: str | None = Field(
        None,
        description="the provider by which people of ops log in, beside keys:"
        " https://login.example.com/realms/ours",
    )
    oidc_client_id: str | None = Field(
        None, validate_default=True, description="of this product at that provider"
    )
    oidc_client_secret: SecretStr | None = Field(
        None, validate_default=True, description="of this product at that provider"
    )
    oidc_scope: str = Field(
        "openid email", description="asked of the provider; some need `groups` in it to tell groups"
    )
    oidc_groups_claim: str = Field(
        "groups",
        min_length=1,
        description="the claim in which the provider tells a person's groups",
    )
    oidc_act_groups: Groups | None = Field(
        None, description="whose members may act at /ops; several with commas"
    )
    oidc_read_groups: Groups | None = Field(
        None,
        validate_default=True,
        description="whose members may look at /ops and change nothing; several with commas",
    )
    oidc_erase_groups: Groups | None = Field(
        None,
        description="whose members, if they may act, may export and erase people too; several with"
        " commas",
    )
    embed_origins: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        None,
        description="who may show our pages in a frame: https://app.example.com,"
        " several with commas",
    )
    return_origins: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        None,
        description="where `return_url` of connecting a calendar may lead:"
        " https://app.example.com, several with commas; without it, nowhere",
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...] | None, NoDecode] = Field(
        None,
        description="whose X-Forwarded-For is believed: 10.0.0.0/8,192.0.2.7; without it, nobody's",
    )
    limit_reads: int = Field(
        6000, ge=0, description="reads a minute, per API key or else per address; 0: no limit"
    )
    limit_writes: int = Field(
        1200, ge=0, description="writes a minute, per API key or else per address; 0: no limit"
    )
    limit_holds: int = Field(
        30, ge=0, description="holds that one owner may take in ten minutes; 0: no limit"
    )
    limit_wrong: int = Field(
        10, ge=0, description="wrong keys, logins and signatures a minute, per address; 0: no limit"
    )
    late_cancel_hours: int = Field(
        24, ge=0, description="a cancellation closer to the start counts as missed"
    )
    remind_hours: int = Field(
        24, ge=1, description="how long before a 1:1 session its reminder is mailed"
    )
    remind_pods_hours: int = Field(72, ge=1, description="the same for pods")
    keep_mails_days: int = Field(
        30, ge=1, description="after its session a mail's text and recipient are kept so long"
    )
    keep_people_days: int = Field(
        365, ge=1, description="after its session whose a booking was is kept so long"
    )
    clock_offset_seconds: int = Field(
        0, description="shifts the product's time; for the demo and tests only"
    )
    host: str = Field("127.0.0.1", description="what the web process binds")
    port: int = Field(8000, alias="PORT", description="what the web process binds")
    # On loopback unless somebody says otherwise: figures and ops pages are for nobody outside.
    internal_host: str = Field("127.0.0.1", description="what COACHCAL_INTERNAL_PORT binds")
    internal_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="where /metrics and /ops are, and only there; unset: no /metrics, /ops at PORT",
    )
    web_processes: int = Field(2, ge=1, description="web processes")
    web_threads: int = Field(8, ge=1, description="threads of each")
    worker_processes: int = Field(2, ge=1, description="dramatiq processes")
    worker_threads: int = Field(8, ge=1, description="threads of each")
    worker_metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="where the workers' /metrics is, on 127.0.0.1; nowhere if unset",
    )
    clock_metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="where the clock's /metrics is, on 127.0.0.1; nowhere if unset",
    )
    sentry_dsn: SecretStr | None = Field(
        None, description="errors go there too; needs coachcal[sentry]"
    )
    otlp_endpoint: str | None = Field(
        None,
        alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        repr=False,
        description="traces go there, http://127.0.0.1:4318; needs coachcal[otel]",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="JSON lines on stderr"
    )

    @classmethod
    def load(cls) -> "Settings":
        """From the environment. Raises pydantic's ValidationError."""
        return cls()  # type: ignore[call-arg]  # its arguments are the variables

    @field_validator(
        "secret_keys",
        "cronofy_client_secrets",
        "callback_secret",
        "place_kinds",
        "trusted_proxies",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return _parts(value)

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        return _url(
            value, DATABASES, "sqlite:///file.db or postgresql://user:password@host:5432/name"
        )

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis(cls, value: str) -> str:
        # Here, because redis-py loads OpenTelemetry where that is installed: who only reads the
        # settings, or says what commands there are, would wait for both.
        from workers import redis_urls, sentinels

        if not sentinels.is_watched(value):
            _url(value, REDISES, "redis://:password@host:6379/0")
        redis_urls.check(value)
        return value

    @field_validator("secret_keys")
    @classmethod
    def _seal(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, key in enumerate(value, start=1):
            if not _is_a_key(key.get_secret_value()):
                raise ValueError(f"number {number} is no Fernet key; make one: {MAKE_A_KEY}")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_server(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            MailServer.parse(value.get_secret_value())
        return _needed(value, info)

    @field_validator("support")
    @classmethod
    def _can_be_asked(cls, value: str | None) -> str | None:
        if value is not None:
            Support.of(value)
        return value or None

    @field_validator("brand_colour")
    @classmethod
    def _is_a_colour(cls, value: str | None) -> str | None:
        return None if value is None else colour("brand_colour", value)

    @field_validator("place")
    @classmethod
    def _is_somewhere(cls, value: str | None) -> str | None:
        _place(value)
        return value or None

    @field_validator("place_kinds")
    @classmethod
    def _allows_its_own(
        cls, value: tuple[PlaceKind, ...] | None, info: ValidationInfo
    ) -> tuple[PlaceKind, ...] | None:
        Rule("deployment", "", _place(info.data.get("place")), value or None)
        return value or None

    @field_validator("callback_url")
    @classmethod
    def _is_a_receiver(cls, value: str | None) -> str | None:
        if value is not None:
            check_url(value)
        return value

    @field_validator("callback_secret")
    @classmethod
    def _signs(
        cls, value: tuple[SecretStr, ...] | None, info: ValidationInfo
    ) -> tuple[SecretStr, ...] | None:
        for secret in value or ():
            check_secret(secret.get_secret_value())
        if info.data.get("callback_url") is not None and not value:
            raise ValueError("COACHCAL_CALLBACK_URL needs it")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_an_issuer(cls, value: str | None) -> str | None:
        if value and (not is_safe(value) or "?" in value):
            raise ValueError("write it as https://login.example.com, as the provider writes it")
        return value or None

    @field_validator("oidc_client_id", "oidc_client_secret")
    @classmethod
    def _is_known_there(cls, value: Given, info: ValidationInfo) -> Given:
        if not value and info.data.get("oidc_issuer") is not None:
            raise ValueError("COACHCAL_OIDC_ISSUER needs it")
        return value

    @field_validator("oidc_act_groups", "oidc_read_groups", "oidc_erase_groups", mode="before")
    @classmethod
    def _are_groups(cls, value: object) -> object:
        return _parts(value) or None

    @field_validator("oidc_read_groups")
    @classmethod
    def _let_somebody_in(
        cls, value: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        nobody = value is None and info.data.get("oidc_act_groups") is None
        if nobody and info.data.get("oidc_issuer") is not None:
            raise ValueError("COACHCAL_OIDC_ISSUER needs it, or COACHCAL_OIDC_ACT_GROUPS, or both")
        return value

    @field_validator("oidc_scope")
    @classmethod
    def _asks_who_it_is(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("openid belongs to it: openid email")
        return value

    @field_validator("embed_origins", "return_origins", mode="before")
    @classmethod
    def _are_origins(cls, value: object) -> object:
        origins = _parts(value)
        for origin in origins or ():  # type: ignore[attr-defined]  # a tuple, or pydantic says so
            if not ORIGIN.fullmatch(origin):
                raise ValueError("each is an origin, without a path: https://app.example.com")
        return origins or None

    @field_validator("ops_mail")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value:
            return mailbox("ops_mail", value)[1]
        return None

    @field_validator("mail_from", "mail_organizer")
    @classmethod
    def _is_a_mailbox(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            _, address = mailbox(info.field_name or "", value)
            if not address.isascii():
                raise ValueError(
                    "an address of ASCII letters: many mail servers take no other for a sender"
                )
        if info.field_name == "mail_organizer":
            return value
        return _needed(value, info)

    @property
    def sender(self) -> Sender:
        """Who session mails are from."""
        shown = organizer = Address(*mailbox("mail_from", self.mail_from or NOBODY))
        if self.mail_organizer:
            organizer = Address(*mailbox("mail_organizer", self.mail_organizer))
        return Sender(shown, organizer, self.supporter)

    @property
    def supporter(self) -> Support | None:
        """Whom people turn to, if anybody."""
        if self.support is None:
            return None
        return Support.of(self.support)

    @property
    def brand(self) -> Brand:
        """What mails and pages look like where a company has set nothing."""
        name = self.sender.mailbox.name
        return Brand(name or None, self.supporter, self.brand_colour, site=self.base_url)

    @property
    def places(self) -> Rule:
        """Where sessions are for which nobody says anything, and where they may be at all."""
        return Rule("deployment", "", _place(self.place), self.place_kinds)

    @property
    def mail_deadline(self) -> float:
        """Seconds for one whole mail:
        less than half a lease, so that nobody sends it a second time meanwhile.
        """
        # Begun in the first half of the lease at the latest, it leaves a tenth for the outcome.
        return self.lease_seconds * 0.4

    @property
    def callback_deadline(self) -> float:
        """Seconds for one whole callback, as for a mail."""
        return self.lease_seconds * 0.4

    @property
    def endpoint_off_after(self) -> timedelta:
        return timedelta(days=self.endpoint_off_days)

    @property
    def minimum_gap_ms(self) -> int:
        return round(self.minimum_gap_seconds * 1000)

    @property
    def least_stale_after(self) -> timedelta:
        """Of a fleet that Cronofy's calls suffice for; `Services.stale_after` is what holds now."""
        return timedelta(minutes=self.stale_minutes)

    @property
    def ops_base_url(self) -> str:
        """Where people of ops reach us, without a slash at its end."""
        return str(self.ops_url or self.public_url).rstrip("/")

    @property
    def base_url(self) -> str:
        """`public_url` without a slash at its end."""
        return str(self.public_url).rstrip("/")


def variable(field: str) -> str:
    """The environment variable of a field, whichever of its names pydantic reports."""
    known = Settings.model_fields.get(field)
    if known is None:
        return field
    return known.alias or f"COACHCAL_{field.upper()}"


def strangers() -> list[str]:
    """Variables that look like settings and are none: misspelt, or of another release."""
    known = set(map(variable, Settings.model_fields))
    given = set(os.environ)  # noqa: TID251 (settings)
    return sorted(name for name in given - known if name.startswith("COACHCAL_"))


def described(field: str) -> str:
    """What a field is for, by whichever of its names pydantic reports."""
    for name, known in Settings.model_fields.items():
        if field in (name, known.alias):
            return known.description or field
    return field


def _parts(value: object) -> object:
    """Of a list as the environment holds it; anything but a text is for pydantic to judge."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _place(text: str | None) -> Place | None:
    """A kind, and after a blank its value. Raises Invalid."""
    if not text:
        return None
    kind, _, value = text.partition(" ")
    return Place(cast(PlaceKind, kind), value)


def _needed(value: Given, info: ValidationInfo) -> Given:
    if value is None and info.data.get("mailer") == "smtp":
        raise ValueError("COACHCAL_MAILER=smtp needs it")
    return value


def _is_a_key(text: str) -> bool:
    """What Fernet takes; loading it for that alone would make every command slower."""
    try:
        return len(base64.urlsafe_b64decode(text)) == KEY_BYTES
    except ValueError:
        return False


def _url(value: str, schemes: tuple[str, ...], example: str) -> str:
    """The value, if a driver of ours takes it for an address. Raises ValueError without the value,
    which may hold a password."""
    scheme, separator, rest = value.partition("://")
    if scheme not in schemes or not separator:
        raise ValueError(f"write it as {example}")
    # Not by urlsplit, which takes one host only: PostgreSQL takes several, and any may be [::1].
    hosts = re.split("[/?]", rest)[0].rpartition("@")[2]
    for host in hosts.split(","):
        port = host.rpartition("]")[2].partition(":")[2]
        if port and not port.isdecimal():
            raise ValueError(f"write it as {example}")
    return value
