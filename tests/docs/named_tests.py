"""Tests as the manual names them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
