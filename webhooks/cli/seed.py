"""Made-up coaches and bookings for whoever measures, or looks at a full house."""

import click

from webhooks.cli.common import Progress, asks_first, confirm, opened


@click.command(hidden=True)
@click.option("--coaches", default=100, type=click.IntRange(1, 100_000), show_default=True)
@click.option("--bookings", default=1000, type=click.IntRange(0, 10_000_000), show_default=True)
@click.option("--among-real-coaches", is_flag=True, help="Even where somebody's real data are.")
@asks_first
def seed(coaches: int, bookings: int, among_real_coaches: bool, yes: bool) -> None:  # noqa: FBT001 (click)
    """Fill the database with made-up coaches (seed-100000 and on) and their bookings.

    Seeding twice makes the same. The clock makes the coaches' slots true once it runs.
    """
    from storage.transactions import seeding

    with opened() as runtime:
        database, now = runtime.services.database, runtime.services.now()
        with database.read() as tx:
            real = seeding.real_coaches(tx)
        if real and not among_real_coaches:
            raise click.ClickException(
                f"{real} coaches are here that nobody made up; use another database, or say"
                " --among-real-coaches"
            )
        confirm(f"Make {coaches:,} coaches and {bookings:,} bookings?", yes=yes)
        progress = Progress("seed")
        for first in range(0, coaches, seeding.AT_ONCE):
            end = min(first + seeding.AT_ONCE, coaches)
            with database.write() as tx:
                seeding.seed_coaches(tx, first, end, now=now)
            progress.at(f"{end:,} coaches")
        for first in range(0, bookings, seeding.AT_ONCE):
            end = min(first + seeding.AT_ONCE, bookings)
            with database.write() as tx:
                seeding.seed_bookings(tx, first, end, coaches=coaches, of=bookings, now=now)
            progress.at(f"{end:,} bookings")
        with database.write() as tx:
            seeding.settle(tx)
    click.echo(f"{coaches:,} coaches and {bookings:,} bookings are there")
