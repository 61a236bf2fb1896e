"""What pages and mails cannot say yet in each of their languages."""

from collections.abc import Iterator
from typing import Any

import click

from webhooks.cli.common import as_json, listed

Row = tuple[dict[str, Any], str]
LACKS = ("missing", "outdated", "unknown", "missing_mails")


@click.command()
@as_json
@click.option("--strict", is_flag=True, help="End with exit code 1 when something is lacking.")
def words(as_json: bool, strict: bool) -> None:  # noqa: FBT001 (click)
    """Count what each language lacks of the texts of pages and mails; that is said in English."""
    rows = list(_rows())
    listed(rows, as_json=as_json)
    lacking = sum(len(row[kind]) for row, _line in rows for kind in LACKS)
    if not as_json:
        click.echo(f"{lacking} lacking")
    if strict and lacking:
        raise click.ClickException(
            f"{lacking} texts are missing, outdated or unknown: see docs/how-to/add-a-language.md"
        )


def _rows() -> Iterator[Row]:
    from domain.mail import LANGUAGES
    from webhooks.http.translations import catalogue, lacks
    from workers.mailer import texts

    english = catalogue(LANGUAGES[0])
    for language in LANGUAGES[1:]:
        row = {"language": language, "texts": len(english.texts), "mails": len(texts.FILES)}
        row |= lacks(catalogue(language), english)
        row["missing_mails"] = sorted(texts.missing(language))
        yield row, _line(row)


def _line(row: dict[str, Any]) -> str:
    line = "{language:6} {texts} texts".format_map(row)
    for kind in LACKS[:-1]:
        line += f", {len(row[kind])} {kind}"
    line += "; {mails} mails, ".format_map(row) + f"{len(row['missing_mails'])} missing"
    named = [f"{kind}: {' '.join(row[kind])}" for kind in LACKS if row[kind]]
    return "\n         ".join((line, *named))
