"""The pages of the manual as a reader of them sees them: headings, links, blocks of code."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
EVERY_PAGE = [*PAGES, *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY"))]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    page: Path
    language: str
    text: str


def prose(page: Path) -> str:
    """The text without its blocks of code and without code in a line."""
    return re.sub(r"`[^`\n]+`", "", FENCE.sub("", page.read_text()))


def links(page: Path) -> list[str]:
    """The targets within the repository."""
    found = LINK.findall(prose(page))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link to it, as the builder calls it."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {slug(title) for title in titles}


def slug(title: str) -> str:
    """As Python-Markdown makes it."""
    plain = re.sub(r"[`*]", "", title)
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def blocks(page: Path) -> list[Block]:
    return [Block(page, language, text) for _, language, text in FENCE.findall(page.read_text())]


def commands(text: str) -> list[list[str]]:
    """The words after each `coachcal` that is typed in a block: at the beginning of a line, in
    $(...), or below a folder of programs; up to a pipe, a redirection or a comment.
    """
    joined = text.replace("\\\n", " ")
    typed = re.findall(
        r"(?:^|\$\(|until |bin/|^\./run )coachcal ((?:[a-z]|--)[^\n|&>;`#)]*)", joined, re.MULTILINE
    )
    compose = re.findall(r"^docker compose run --rm web ([a-z][^\n|&>;]*)", joined, re.MULTILINE)
    return [words.split() for words in typed + compose]
