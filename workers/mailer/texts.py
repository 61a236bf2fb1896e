"""The default texts: workers/templates/{language}/{kind}.txt, whose first line is the subject."""

from functools import cache
from importlib.resources import files

from domain.mail.choice import default_language

SUMMARIES = ("participant", "coach", "anybody")


def default(kind: str, language: str) -> tuple[str, str, str]:
    """(language, subject, source in `markup`) of the default text nearest to a language tag."""
    spoken = default_language(language)
    subject, _, source = _read(f"{spoken}/{kind}.txt").partition("\n")
    return spoken, subject, source


def summary(language: str, reader: str) -> str:
    """What the calendar shows, for one of SUMMARIES."""
    lines = _read(f"{default_language(language)}/summary.txt").splitlines()
    return lines[SUMMARIES.index(reader)]


def support(language: str) -> str:
    """The line that names whom to ask."""
    return _read(f"{default_language(language)}/support.txt").strip()


def layout(language: str, direction: str, body: str, preheader: str = "") -> str:
    """A whole page around a body. It asks for {{subject}}.
    `preheader`: HTML that only a list of mails shows.
    """
    page = _read("layout.html").replace("(language)", language).replace("(direction)", direction)
    # The body last: what it holds is somebody's text, in which "(preheader)" means nothing.
    return page.replace("(preheader)", preheader).replace("(body)", body)


@cache
def _read(path: str) -> str:
    return files("workers").joinpath("templates", *path.split("/")).read_text("utf-8")
