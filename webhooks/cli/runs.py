"""Commands that run something: the web process, the workers, the clock, the sandbox, the
migrations.
"""

import os
import signal
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from webhooks import launch
from webhooks.cli.common import InstantParam, asks_first, confirm, need_port, settings

# How long an idle worker thread sleeps before it looks whether the process is to end. A wake-up
# ends its sleep.
IDLE_MS = "250"
# glibc keeps what a thread freed for that thread, up to 64 MB and growing by the largest it saw:
# after a few large sheets a process stayed large for good. Fixed, a large piece goes back at once.
# And all threads share one heap: each with its own, a web grew by a third over its first exports.
# They wait for each other at the interpreter's lock anyway.
GIVE_BACK = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}


@click.command()
@click.option("--host", help="What to bind; COACHCAL_HOST by default.")
@click.option("--port", type=int, help="What to bind; PORT by default.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the webhook endpoint and the API."""
    from workers import telemetry
    from workers.metrics import folder

    chosen = settings()
    telemetry.start(chosen)  # for its mistakes only: here they are told once
    host, port = host or chosen.host, port or chosen.port
    need_port(host, port, "PORT (or COACHCAL_HOST)")
    binds = [f"--bind={host}:{port}"]
    if chosen.internal_port is not None:
        if chosen.internal_port == port:
            raise click.ClickException(
                "set COACHCAL_INTERNAL_PORT to another port than PORT, which shows less"
            )
        need_port(
            chosen.internal_host,
            chosen.internal_port,
            "COACHCAL_INTERNAL_PORT (or COACHCAL_INTERNAL_HOST)",
        )
        binds.append(f"--bind={chosen.internal_host}:{chosen.internal_port}")
    _become(
        "webhooks.server_start",
        "webhooks.app:create_app()",
        *binds,
        f"--workers={chosen.web_processes}",
        f"--threads={chosen.web_threads}",
        "--worker-class=webhooks.front.worker.Worker",
        "--no-control-socket",
        "--graceful-timeout=10",
        f"--log-level={chosen.log_level}",
        "--logger-class=webhooks.http.server_log.ServerLog",
        PROMETHEUS_MULTIPROC_DIR=folder(),
    )


def _queues(_context: click.Context, _option: click.Parameter, said: str | None) -> list[str]:
    """Raises click.BadParameter for one that there is not."""
    from workers.actors import QUEUES

    if said is None:
        return []
    names = [name.strip() for name in said.split(",")]
    strange = [name for name in names if name not in QUEUES]
    if strange:
        there = ", ".join(QUEUES)
        raise click.BadParameter(f"there is no queue {strange[0]!r}; there are {there}")
    return names


@click.command()
@click.option(
    "--queues",
    metavar="NAME,NAME",
    callback=_queues,
    help="Only these duties: freebusy, slots, mails, calendars, callbacks. All by default.",
)
def work(queues: list[str]) -> None:
    """Run the workers (dramatiq)."""
    from workers import telemetry
    from workers.metrics import LOOPBACK, folder

    chosen = settings()
    telemetry.start(chosen)  # for its mistakes only: here they are told once
    counting: list[str] = []
    counted: dict[str, str] = {}
    if chosen.worker_metrics_port is not None:
        need_port(LOOPBACK, chosen.worker_metrics_port, "COACHCAL_WORKER_METRICS_PORT")
        counting = ["--fork-function=workers.metrics:export_workers"]
        counted = {"PROMETHEUS_MULTIPROC_DIR": folder()}
    chosen_queues = []
    if queues:
        chosen_queues = ["--queues", *queues]
    _become(
        "webhooks.worker_start",
        "workers.bootstrap:start",
        f"--path={launch.HOME}",  # it puts this first on the path; by default the current folder
        f"--processes={chosen.worker_processes}",
        f"--threads={chosen.worker_threads}",
        "--skip-logging",
        *counting,
        *chosen_queues,  # last: it takes all words that follow
        dramatiq_worker_timeout=IDLE_MS,
        dramatiq_queue_prefetch=str(chosen.worker_threads),
        **counted,
    )


@click.command()
def clock() -> None:
    """Run the clock: sweeps, reconciles, rolls. Any number may run at once."""
    from storage import migrations
    from storage.schema.causes import MIGRATE
    from workers import logs, telemetry
    from workers.bootstrap import bootstrap
    from workers.clock import run
    from workers.collector import Figures
    from workers.metrics import LOOPBACK, export

    chosen = settings()
    telemetry.start(chosen)
    if chosen.clock_metrics_port is not None:
        need_port(LOOPBACK, chosen.clock_metrics_port, "COACHCAL_CLOCK_METRICS_PORT")
    logs.configure(chosen.log_level, telemetry.report)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with closing(bootstrap(chosen, use="worker")) as runtime:
        if migrations.standing(runtime.services.database) in ("none", "older"):
            raise click.ClickException(f"{MIGRATE.matter}; {MIGRATE.next_step}")
        if chosen.clock_metrics_port is not None:
            export(chosen.clock_metrics_port, Figures(runtime.services))
        run(runtime.services, runtime.actors, stop)


@click.command()
@click.option(
    "--to", "revision", default="head", show_default=True, help="head, base, or a revision's id."
)
@asks_first
def migrate(revision: str, yes: bool) -> None:  # noqa: FBT001 (click)
    """Bring the database's schema to this release; or back, which loses what is in it."""
    from storage import migrations
    from storage.schema import database

    opened = database.create(settings().database_url)
    try:
        migrations.migrate(opened, revision, destroy=yes)
    except migrations.Destroys as way:
        confirm(f"Take the schema {way}? What is in the tables that go is lost.", yes=yes)
        migrations.migrate(opened, revision, destroy=True)
    finally:
        opened.close()
    click.echo(f"the schema is at {revision}")


@click.command()
@click.option("--port", type=int, default=8900, show_default=True, help="0: any free port.")
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    help="Written once it serves: origin, client, accounts.",
)
@click.option(
    "--now", type=InstantParam(), help="Where its clock begins; the real time by default."
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Kept here, whatever stops it; the next start goes on from it.",
)
@click.option("--client-id", help="The application's id; one is made up by default.")
@click.option("--client-secret", help="Its secret; one is made up by default.")
def sandbox(
    port: int,
    ready_file: Path | None,
    now: datetime | None,
    state_file: Path | None,
    client_id: str | None,
    client_secret: str | None,
) -> None:
    """Run a Cronofy of your own, on this machine.

    With --state it can be developed against for weeks: people, calendars, tokens, channels and
    pushes on their way outlive a restart. Give it the same --port each time.
    """
    from workers.cronofy.sandbox.server import serve as serve_sandbox
    from workers.cronofy.sandbox.state_file import UnusableState

    need_port("127.0.0.1", port, "--port")
    try:
        serve_sandbox(
            port=port,
            ready_file=ready_file,
            now=now,
            state_file=state_file,
            client_id=client_id,
            client_secret=client_secret,
        )
    except UnusableState as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option(
    "--calendar",
    "calendars",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
)
@click.argument("more", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--now", type=InstantParam(), help="Where the demo's clock begins.")
@click.option("--once", is_flag=True, help="Exit after the story; non-zero if a step failed.")
def demo(
    calendars: tuple[Path, ...],
    more: tuple[Path, ...],
    now: datetime | None,
    once: bool,  # noqa: FBT001 (click)
) -> None:
    """Show the main job on this machine: a calendar change becomes fresh slots.

    --calendar FILE... takes anybody's own .ics exports instead of the samples.
    """
    from webhooks.demo.show import run

    if more and not calendars:
        raise click.UsageError(f"say --calendar before the files: --calendar {more[0]} ...")
    begins = None
    if now is not None:
        begins = now.astimezone(UTC)
    sys.exit(run((*calendars, *more), now=begins, once=once))


def _become(module: str, *arguments: str, **variables: str) -> None:
    """Replace this process, so that a Procfile runner's signals reach the real one."""
    sys.stdout.flush()
    environment = launch.environment(**GIVE_BACK, **variables)
    os.execve(sys.executable, launch.command(module, *arguments), environment)  # noqa: S606 (no shell wanted)
