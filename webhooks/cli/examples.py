"""One example for the --help of each command: something that can be typed as it stands."""

import click

EXAMPLES = {
    "demo": "coachcal demo --once",
    "serve": "coachcal serve --port 8000",
    "work": "coachcal work",
    "clock": "coachcal clock",
    "sandbox": "coachcal sandbox --port 8900 --ready-file sandbox.json",
    "migrate": "coachcal migrate",
    "keys create": (
        "coachcal keys create coach-os --scope slots:read --scope bookings:write --days 365"
    ),
    "keys revoke": "coachcal keys revoke 5f2c91ab03de",
    "keys list": "coachcal keys list --json",
    "secrets create": "coachcal secrets create",
    "secrets reseal": "coachcal secrets reseal",
    "connect": "coachcal connect ada --provider google",
    "refresh": "coachcal refresh ada --wait 60",
    "slots": "coachcal slots ada --from 2026-12-01 --to 2026-12-08 --duration 60",
    "evaluate": "coachcal evaluate - < scenarios.jsonl",
    "doctor": "coachcal doctor",
    "queues": "coachcal queues",
    "causes list": "coachcal causes list",
    "causes requeue": "coachcal causes requeue cau_5f2c91ab03de4c17",
    "causes discard": "coachcal causes discard cau_5f2c91ab03de4c17 --yes",
    "causes retry": "coachcal causes retry cau_5f2c91ab03de4c17",
    "causes release": "coachcal causes release cau_5f2c91ab03de4c17",
    "causes acknowledge": "coachcal causes acknowledge cau_5f2c91ab03de4c17",
    "causes stop": "coachcal causes stop blk_5f2c91ab03de4c17",
    "pauses": "coachcal pauses",
    "pause": "coachcal pause company:acme",
    "resume": "coachcal resume company:acme",
    "dead list": "coachcal dead list --limit 20",
    "dead requeue": "coachcal dead requeue out_5f2c91ab03de",
    "dead discard": "coachcal dead discard out_5f2c91ab03de",
    "outbox": "coachcal outbox --state pending",
    "history": "coachcal history bkg_6624c405d5be66e1127b319a",
    "withheld list": "coachcal withheld list",
    "withheld release": "coachcal withheld release wad_5f2c91ab03de",
    "coaches": "coachcal coaches --stale --json",
    "channels audit": "coachcal channels audit ada",
    "export": "coachcal export ada > ada.json",
    "lists": "coachcal lists bookings company=acme from=2026-06-01 --csv > acme.csv",
    "seed": "coachcal seed --coaches 20000 --bookings 1000000 --yes",
    "erase": "coachcal erase grace --participant",
    "mails": "coachcal mails mails-to-look-at --kind booked --language de --pictures",
    "words": "coachcal words --strict",
}


def show_examples(group: click.Group, above: str = "") -> None:
    """Below the help of each command of the group, and of those within."""
    for name, command in group.commands.items():
        path = f"{above} {name}".strip()
        if isinstance(command, click.Group):
            show_examples(command, path)
        elif path in EXAMPLES:
            command.epilog = f"Example: {EXAMPLES[path]}"
