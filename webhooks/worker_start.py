"""The workers' own command line: dramatiq, which forks them from a process that has loaded all."""

import sys

from dramatiq import cli

from webhooks import launch

if __name__ == "__main__":
    launch.load("workers.bootstrap", "workers.collector")
    arguments = cli.make_argument_parser().parse_args()  # type: ignore[no-untyped-call]  # theirs
    # SIGHUP has dramatiq start anew by these words. By its own it would find another Python.
    sys.argv = launch.command("webhooks.worker_start", *sys.argv[1:])
    sys.exit(cli.main(arguments))  # type: ignore[no-untyped-call]  # as above
