"""Files inside an installed package, found without importing it."""

import importlib.util
from pathlib import Path


def inside(package: str, pattern: str) -> Path | None:
    """The first file of the package that the glob pattern names;
    None without the package or the file.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder).glob(pattern)):
            return path
    return None
