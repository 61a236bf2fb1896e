"""Settings that are right one by one, and not together."""

from collections.abc import Iterator

from workers.doctor.finding import Finding
from workers.loopback import is_loopback
from workers.services import Services
from workers.settings import Settings, strangers


def look(services: Services) -> Iterator[Finding]:
    found = [*contradictions(services.settings), *_unknown(strangers())]
    for detail, next_step in found:
        yield Finding("settings", detail, next_step)
    if not found:
        yield Finding("settings", "do not contradict each other")


def contradictions(settings: Settings) -> Iterator[tuple[str, str]]:
    """(what contradicts what, the next step) of each."""
    yield from _ports(settings)
    yield from _neighbours(settings)
    yield from _times(settings)


def _ports(settings: Settings) -> Iterator[tuple[str, str]]:
    # Whoever starts second finds the port taken, and which process that is changes with each start.
    taken: dict[int, str] = {settings.port: "PORT"}
    metrics = {
        "COACHCAL_WORKER_METRICS_PORT": settings.worker_metrics_port,
        "COACHCAL_CLOCK_METRICS_PORT": settings.clock_metrics_port,
    }
    for name, port in metrics.items():
        if port is None:
            continue
        if port in taken:
            yield f"{name} and {taken[port]} are both {port}", f"set {name} to another port"
        taken.setdefault(port, name)


def _neighbours(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.smtp_url is not None and settings.mailer != "smtp":
        yield (
            f"COACHCAL_SMTP_URL is set, and COACHCAL_MAILER is {settings.mailer}: no mail leaves",
            "set COACHCAL_MAILER=smtp, or unset COACHCAL_SMTP_URL",
        )
    if settings.callback_secret and settings.callback_url is None:
        yield "COACHCAL_CALLBACK_SECRET has no COACHCAL_CALLBACK_URL", "set both, or neither"
    groups = settings.oidc_act_groups or settings.oidc_read_groups
    if settings.oidc_issuer is None and (groups or settings.oidc_client_id):
        yield "COACHCAL_OIDC settings have no COACHCAL_OIDC_ISSUER", "set it, or none of them"
    # One that equals the default may not have been written down at all.
    default = Settings.model_fields["cronofy_data_center"].default
    if settings.cronofy_origin is not None and settings.cronofy_data_center != default:
        yield (
            "COACHCAL_CRONOFY_ORIGIN takes the place of COACHCAL_CRONOFY_DATA_CENTER",
            "unset the origin, which is for a sandbox, or the data centre",
        )
    if settings.cronofy_origin is None and _only_here(settings):
        yield (
            "Cronofy cannot push to COACHCAL_PUBLIC_URL, which is this machine only or not https",
            "set it to the https address at which the world reaches the web process",
        )
    if settings.clock_offset_seconds and settings.public_url.scheme == "https":
        offset = f"COACHCAL_CLOCK_OFFSET_SECONDS is {settings.clock_offset_seconds}"
        yield (
            f"{offset}: it shifts the time for everybody",
            "unset it: it is for the demo and tests",
        )


def _times(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.stale_minutes <= settings.reconcile_minutes:
        yield (
            "COACHCAL_STALE_MINUTES are over before COACHCAL_RECONCILE_MINUTES: all is stale",
            "set COACHCAL_STALE_MINUTES above COACHCAL_RECONCILE_MINUTES",
        )
    if settings.reconcile_busy_minutes > settings.reconcile_minutes:
        yield (
            "COACHCAL_RECONCILE_BUSY_MINUTES is longer than COACHCAL_RECONCILE_MINUTES",
            "set COACHCAL_RECONCILE_BUSY_MINUTES to at most COACHCAL_RECONCILE_MINUTES",
        )
    if settings.last_known_hours * 60 < settings.stale_minutes:
        yield (
            "COACHCAL_LAST_KNOWN_HOURS is over before a calendar is stale (COACHCAL_STALE_MINUTES)",
            "set COACHCAL_LAST_KNOWN_HOURS above COACHCAL_STALE_MINUTES",
        )


def _only_here(settings: Settings) -> bool:
    # A name that leads back to this machine is not noticed: DNS here does not show what Cronofy
    # sees.
    host = (settings.public_url.host or "").strip("[]")
    return is_loopback(host) or settings.public_url.scheme != "https"


def _unknown(names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        yield f"{name} is no setting", "correct its name (.env.example has them all), or unset it"
