"""The command line: every command, one line each. What a command needs is imported when it runs."""

import click

from webhooks.cli.causes import causes
from webhooks.cli.common import Commands
from webhooks.cli.examples import show_examples
from webhooks.cli.history import history
from webhooks.cli.keys import keys
from webhooks.cli.lists import lists
from webhooks.cli.looks import connect, doctor, evaluate, refresh, slots
from webhooks.cli.mails import mails
from webhooks.cli.ops import channels, coaches, dead, outbox, queues
from webhooks.cli.pauses import pause, pauses, resume
from webhooks.cli.people import erase, export
from webhooks.cli.runs import clock, demo, migrate, sandbox, serve, work
from webhooks.cli.sealing import secrets
from webhooks.cli.seed import seed
from webhooks.cli.withheld_addresses import withheld
from webhooks.cli.words import words


def _show_version(context: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 (click)
    """Looked up only when it is asked for: `coachcal --help` stays instant."""
    from webhooks.version import version

    if asked:
        click.echo(f"coachcal, version {version()}")
        context.exit()


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option("--trace", is_flag=True, help="Show the trace of an error, for whoever mends it.")
def main(trace: bool) -> None:  # noqa: FBT001 (click; Commands looks at it)
    """Keeps a coaching platform's bookable times true."""


# fmt: off
for command in (
    demo, serve, work, clock, sandbox, migrate, keys, secrets, connect, refresh, slots, evaluate,
    doctor, queues, causes, pauses, pause, resume, dead, outbox, history, withheld, coaches,
    channels, export, lists, seed, erase, mails, words,
):
    main.add_command(command)
# fmt: on
show_examples(main)
