"""What goes wrong. Each is a block of code: what it does, `yield` while it lasts, and how it is
undone.
"""

from tests.chaos.faults.base import Fault
from tests.chaos.faults.clocks import CLOCKS
from tests.chaos.faults.database import DATABASE
from tests.chaos.faults.disks import DISKS
from tests.chaos.faults.neighbours import NEIGHBOURS
from tests.chaos.faults.network import NETWORK
from tests.chaos.faults.processes import PROCESSES
from tests.chaos.faults.redis import REDIS

ALL: tuple[Fault, ...] = (*PROCESSES, *REDIS, *DATABASE, *NETWORK, *NEIGHBOURS, *CLOCKS, *DISKS)

__all__ = ["ALL", "Fault"]
