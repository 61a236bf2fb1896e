"""The demo from curtain to curtain: chapters one after the other, then serving until Ctrl-C."""

import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from webhooks.demo import people
from webhooks.demo.http_server import HOST, serving
from webhooks.demo.index import Index
from webhooks.demo.index_pages import create_app
from webhooks.demo.narrator import Narrator
from webhooks.demo.people import Chapter
from webhooks.demo.processes import StepFailed
from webhooks.demo.stage import Stage, raised
from webhooks.demo.story import tell
from webhooks.sentences import sentence


def run(files: Sequence[Path], *, now: datetime | None, once: bool) -> int:
    """Tell the story; then serve until Ctrl-C, unless `once`. Returns the exit code."""
    # Whoever ends it: what it started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say = Narrator()
    say.title(
        "coachcal: a calendar change becomes fresh slots, a booking becomes a session and its mails"
    )
    begins = now or datetime.now(UTC)  # noqa: TID251 (the demo's own start)
    try:
        chapters = people.samples(begins)
        if files:
            chapters = people.from_files(files, begins, fixed=now is not None)
        for number, chapter in enumerate(chapters, start=1):
            _play(chapter, say, keep=not once and number == len(chapters))
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 (whatever a step dies of, the demo tells it and fails)
        say.failed(_sentence(error))
        return 1
    click.echo(f"\nThe whole story came out right, in {say.elapsed():.1f} s.")
    return 0


def _sentence(error: Exception) -> str:
    if isinstance(error, StepFailed):
        return str(error)
    return sentence(error) or f"{type(error).__name__}: {error}"


def _play(chapter: Chapter, say: Narrator, *, keep: bool) -> None:
    say.begin(f"Set-up; the clock is at {chapter.now:%Y-%m-%d %H:%M} UTC")
    with raised(chapter.now) as stage:
        say.done(
            f"sandbox Cronofy {stage.sandbox_url}, web {stage.web_url}, worker, clock; a Redis"
            " and SQLite"
        )
        tell(stage, chapter, say)
        if keep:
            _serve(stage, chapter)


def _serve(stage: Stage, chapter: Chapter) -> None:
    since, until = chapter.now.date(), (chapter.now + timedelta(days=7)).date()
    query = f"duration=60&from={since}&to={until}"
    coach_id = chapter.people[0].id
    slots = f"{stage.web_url}/v1/coaches/{coach_id}/slots?{query}"
    index = Index(stage, chapter.people)
    with serving(create_app(index), "index") as port:
        click.echo("\nThe story came out right. Now it is yours, until Ctrl-C:")
        click.echo(f"  begin here, all else is linked there  http://{HOST}:{port}/")
        _tell_links(index, coach_id)
        click.echo(
            f"  slots                                 curl -H 'Authorization: Bearer {stage.key}'"
            f" '{slots}'"
        )
        _until_told_to_stop()


def _tell_links(index: Index, coach_id: str) -> None:
    stage = index.stage
    click.echo(f"  the calendars, to click events into   {stage.sandbox_url}/")
    click.echo(f"  the mails, as they arrived            {stage.postbox.url}/")
    click.echo(f"  Grace's page, to book on              {index.link(coach_id, 'participant')}")
    click.echo(f"  the same as the coach sees it         {index.link(coach_id, 'coach')}")
    click.echo(f"  the coach's calendar settings         {index.link(coach_id, 'settings')}")
    click.echo(f"  the API, readable                     {stage.web_url}/docs")
    click.echo(
        f"  the ops pages                         {stage.web_url}/ops  (log in with {stage.key})"
    )


def _until_told_to_stop() -> None:
    """Handlers, not `sigwait`: the post box has threads, and a signal that one of them takes would
    end us untidied.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
