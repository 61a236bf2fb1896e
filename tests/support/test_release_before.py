"""Where the release before cannot be had a test says why; a clone that ought to have it fails."""

import subprocess
from pathlib import Path

import pytest

from tests.support import release_before

AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@example.test")


def git(*arguments: str) -> None:
    subprocess.run(["git", *AUTHOR, *arguments], check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whole, of two commits, neither of them the release before."""
    folder = tmp_path / "clone"
    git("init", "-q", str(folder))
    for words in ("one", "two"):
        git("-C", str(folder), "commit", "-q", "--allow-empty", "-m", words)
    monkeypatch.setattr(release_before, "ROOT", folder)
    return folder


def test_a_whole_clone_without_it_fails(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="does not find"):
        release_before.unpacked(tmp_path / "before")


def test_a_shallow_clone_is_told_how_to_get_it(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = tmp_path / "shallow"
    git("clone", "-q", "--depth", "1", clone.as_uri(), str(shallow))
    monkeypatch.setattr(release_before, "ROOT", shallow)
    with pytest.raises(pytest.skip.Exception, match="unshallow"):
        release_before.unpacked(tmp_path / "before")


def test_without_git_it_is_left_out(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="by git"):
        release_before.unpacked(tmp_path / "before")
