"""The manual is true: links lead somewhere, examples use what there is, and the reference is what
the code says.
"""

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own
from coachcal_client import Client

import domain
from tests.docs import pages, reference
from tests.docs.pages import DOCS, EVERY_PAGE, PAGES, ROOT
from webhooks.api.routes import ROUTES
from webhooks.cli import main
from workers.settings import Settings, variable

SETTINGS = {variable(name) for name in Settings.model_fields}
KINDS = {"tutorial", "how-to", "reference", "explanation", "ops"}
ids = [str(page.relative_to(ROOT)) for page in EVERY_PAGE]
# `coachcal ...` in running text: a group, a process, the product itself.
NO_COMMANDS = {"--trace", "--help", "-h", "--version"}


# -- links
# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", EVERY_PAGE, ids=ids)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in pages.links(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.is_file(), target
        if anchor:
            assert anchor in pages.anchors(file), target


def test_every_page_of_the_manual_is_in_its_contents() -> None:
    built = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    listed: list[str] = []
    for entry in built["nav"]:
        listed += [entry] if isinstance(entry, str) else next(iter(entry.values()))
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in PAGES)
    assert {name.partition("/")[0] for name in listed} == KINDS | {"index.md"}


def test_no_link_of_the_manual_leaves_it() -> None:
    """The builder has docs/ alone."""
    for page in PAGES:
        for target in pages.links(page):
            file = (page.parent / target.partition("#")[0]).resolve()
            assert file.is_relative_to(DOCS), f"{page.name}: {target}"


# -- examples
# ----------------------------------------------------------------------------------------------


def command_of(words: list[str]) -> tuple[click.Command | None, list[str]]:
    """The command that these words name, and its arguments; None for one that there is not."""
    found: click.Command = main
    rest = list(words)
    while isinstance(found, click.Group) and rest and rest[0] in found.commands:
        found = found.commands[rest.pop(0)]
    return (None if found is main else found), rest


def options_of(command: click.Command) -> set[str]:
    named = {name for one in command.params if isinstance(one, click.Option) for name in one.opts}
    return named | {"--help"}


@pytest.mark.parametrize("page", EVERY_PAGE, ids=ids)
def test_every_command_in_an_example_is_one_and_takes_its_options(page: Path) -> None:
    for block in pages.blocks(page):
        if block.text.startswith("coachcal COMMAND"):
            continue
        for words in pages.commands(block.text):
            if words[0] in NO_COMMANDS:
                continue
            command, rest = command_of([word.split("=")[0] for word in words])
            assert command is not None, f"coachcal {' '.join(words)}"
            asked = {word for word in rest if re.fullmatch("--[a-z-]+", word)}
            assert asked <= options_of(command), f"coachcal {' '.join(words)}"


@pytest.mark.parametrize("page", EVERY_PAGE, ids=ids)
def test_every_command_in_a_sentence_is_one(page: Path) -> None:
    for words in re.findall(r"`coachcal ([a-z][a-z ]*)", page.read_text()):
        command, _ = command_of(words.split())
        assert command is not None, f"coachcal {words}"


METHODS = "GET|PUT|POST|PATCH|DELETE"


def routes() -> list[re.Pattern[str]]:
    """Each method and path, with any one part in the place of a variable."""
    told = {(route.method, route.path) for route in ROUTES} | {
        ("GET", "/ops"),
        ("GET", "/openapi.json"),
    }
    return [re.compile(f"{method} {re.sub('<[a-z_]+>', '[^/]+', path)}") for method, path in told]


def called(text: str) -> list[str]:
    """What curl asks for in an example, and what a line or a sentence names: `POST
    /v1/bookings`.
    """
    asked = re.findall(
        rf"(?:-X ({METHODS}) )?\"?http://127\.0\.0\.1:8[0-8]\d\d(/[\w/${{}}.-]+)", text
    )
    named = re.findall(rf"(?:^|\b)({METHODS}) +(/[\w/{{}}.|-]+)", text, re.MULTILINE)
    return [
        f"{method or 'GET'} {re.sub('(?<![.])[.]$', '', path)}" for method, path in asked + named
    ]


@pytest.mark.parametrize("page", EVERY_PAGE, ids=ids)
def test_every_route_that_is_called_is_there(page: Path) -> None:
    known = routes()
    for request in called(page.read_text()):
        if ".." in request or "|" in request:  # a family of routes, told in short
            continue
        assert any(route.fullmatch(request) for route in known), request


def test_requests_of_examples_are_looked_at() -> None:
    pages_with_requests = ("tutorial/first-booking.md", "how-to/feeds-and-replies.md")
    text = "".join((DOCS / page).read_text() for page in pages_with_requests)
    assert {"GET /readyz", "GET /v1/feeds", "POST /v1/mail-replies"} <= set(called(text))


@pytest.mark.parametrize("page", EVERY_PAGE, ids=ids)
def test_every_method_of_the_client_that_is_called_is_one(page: Path) -> None:
    for method in re.findall(r"coachcal\.([a-z_]+)\(", page.read_text()):
        assert hasattr(Client, method), method


@pytest.mark.parametrize("page", EVERY_PAGE, ids=ids)
def test_every_setting_that_is_named_is_one(page: Path) -> None:
    named = set(re.findall(r"\b(COACHCAL_[A-Z0-9_]+)\b", page.read_text()))
    assert sorted(named - SETTINGS) == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(DOCS)) for page in PAGES])
def test_every_example_for_a_shell_can_be_read_by_one(page: Path) -> None:
    for block in pages.blocks(page):
        if block.language == "sh":
            lexer = shlex.shlex(block.text, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            assert list(lexer)


@pytest.mark.parametrize("page", EVERY_PAGE, ids=ids)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    """Within backticks, or at the beginning of a line of an example, of a folder of ours."""
    folders = "domain|storage|workers|webhooks|tests|docs|deploy|requirements"
    file = rf"((?:{folders})/[\w/.-]+\.(?:py|md|yml|txt|conf|yaml|json))"
    named = re.findall(rf"`{file}`", page.read_text())
    named += re.findall(rf"^ +{file} ", page.read_text(), re.MULTILINE)
    assert [path for path in named if not (ROOT / path).is_file()] == []


# -- the reference
# -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted(reference.PAGES))
def test_the_reference_is_what_the_code_says(page: str) -> None:
    _, between, _ = reference.parts(page)
    assert between == reference.written(page), "run: ./run docs"


def test_the_glossary_has_every_word_of_the_domain() -> None:
    _, _, listed = (domain.__doc__ or "").partition("The words:")
    words = reference.words()
    assert len(words) == len({word for word, _ in words}) >= 30
    assert [word for word, _ in words if word not in listed] == []
    # No line of the docstring is lost on the way.
    text = " ".join(f"{word} {meaning}" for word, meaning in words)
    assert text.split() == listed.split()
