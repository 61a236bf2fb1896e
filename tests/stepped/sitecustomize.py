"""A machine's clock that tests set, also while its processes run: with this folder on PYTHONPATH, a
Python process is as many seconds ahead as the file STEPPED_CLOCK says.

(libfaketime cannot do it: Python sleeps until a moment of CLOCK_MONOTONIC, which libfaketime 0.9.10
refuses with EINVAL where it leaves that clock alone; and it must, as a machine whose time is set
does.)
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

EVERY = 0.05


class Stepped:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._said = "0"
        self._travel: Any = None

    def start(self) -> None:
        self._step()  # before the process looks at any clock
        threading.Thread(target=self._follow, name="stepped-clock", daemon=True).start()

    def _follow(self) -> None:
        while True:
            time.sleep(EVERY)
            self._step()

    def _step(self) -> None:
        said = self._file.read_text()
        if said in ("", self._said):  # it is being written, or as before
            return
        import time_machine

        self._said = said
        if self._travel is not None:
            self._travel.stop()
            self._travel = None
        if float(said) == 0:
            return
        self._travel = time_machine.travel(
            datetime.now(UTC) + timedelta(seconds=float(said)), tick=True
        )
        self._travel.start()


if "STEPPED_CLOCK" in os.environ:
    stepped = Stepped(Path(os.environ["STEPPED_CLOCK"]))
    stepped.start()
    os.register_at_fork(after_in_child=stepped.start)
