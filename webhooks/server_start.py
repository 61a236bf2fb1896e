"""The web server's own command line, from any folder."""

from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-untyped]  # it has no types

from webhooks import launch


class Server(WSGIApplication):  # type: ignore[misc]  # gunicorn has no types
    """Stays in the current folder, for a relative path of a database, and imports
    nothing from it.
    """

    def chdir(self) -> None:
        """It would put the current folder first on the path, and any `workers/` there in the place
        of ours.
        """


if __name__ == "__main__":
    launch.load("webhooks.front.worker")
    Server("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()
