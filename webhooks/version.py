"""The product's version: that of the installed package, or of the checkout that runs."""

import tomllib
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

import webhooks

NAME = "coachcal"


def version() -> str:
    """Such as 0.2.0. `./run` installs only what we need, not us: a checkout asks its own file."""
    try:
        return installed(NAME)
    except PackageNotFoundError:
        project = Path(webhooks.__file__).parents[1] / "pyproject.toml"
        return str(tomllib.loads(project.read_text())["project"]["version"])
