"""What a test process makes once, though the product makes it for each engine or app that it opens.

A process of the product opens one of each; a test process opens thousands.
"""

from functools import partial
from typing import Any

from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from storage.schema import database
from webhooks.app import App


class Statements(LRUCache[Any, Any]):
    """Compiled statements, for all engines: compiling was a quarter of the suite's CPU.

    SQLAlchemy's key begins with the engine's dialect; two dialects of one class compile alike.
    Each takes 15 kB or more, and keeps the engine for which it was compiled.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


class Templates(BytecodeCache):
    """Compiled templates, for all apps: an eighth."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


class Builders:
    """Werkzeug compiles two functions for each route of each app, which say where a link leads.

    They follow from the rule alone: that was four fifths of what an app costs.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._compile = Rule._compile_builder

    def of(self, rule: Rule, append_unknown: bool = True) -> Any:
        defaults = tuple(sorted((rule.defaults or {}).items()))
        key = (rule.rule, rule.host, rule.subdomain, rule.merge_slashes, defaults, append_unknown)
        if key not in self._kept:
            self._kept[key] = self._compile(rule, append_unknown)
        return self._kept[key]


def share() -> None:
    """From now on all engines and apps of this process use one of each."""
    options = {"compiled_cache": Statements(1_000)}
    setattr(database, "create_engine", partial(create_engine, execution_options=options))  # noqa: B010
    App.jinja_options = {"bytecode_cache": Templates()}
    builders = Builders()
    setattr(Rule, "_compile_builder", lambda rule, unknown=True: builders.of(rule, unknown))  # noqa: B010
