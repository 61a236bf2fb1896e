"""A server given by its URL, or started by us: then with the switches that fault tests use."""

from pathlib import Path

from workers.embedded.child import Child


class EmbeddedServer:
    """`child` is None for a server that was given by its URL: that one is not ours to stop."""

    def __init__(self, url: str, child: Child | None = None) -> None:
        self.url = url
        self._child = child

    @property
    def pid(self) -> int:
        return self._ours.pid

    @property
    def folder(self) -> Path:
        """Where it keeps its data and its `log`; gone with the server."""
        return self._ours.folder

    def stop(self) -> None:
        """End it in good order."""
        self._ours.stop()

    def kill(self) -> None:
        """kill -9."""
        self._ours.kill()

    def restart(self) -> None:
        """Start it again on the same port; stops it first when it runs."""
        self._ours.restart()

    @property
    def _ours(self) -> Child:
        if self._child is None:
            raise RuntimeError(
                "this server was given by its URL; leave that out to start one that can be stopped"
            )
        return self._child
