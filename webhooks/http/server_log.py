"""gunicorn's own lines through our log: as JSON, and with secrets struck out (a path may hold a
channel's token).
"""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it has no types

from workers import logs


class ServerLog(Logger):  # type: ignore[misc]  # as above
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logs.configure(cfg.loglevel)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
