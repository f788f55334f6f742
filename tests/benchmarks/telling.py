"""What a measured process says of itself in its last line, which `Meter` reads."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")


def tell(**figures: Any) -> None:
    """Says them: `seconds`, `parts`, and what else it knows (`rows`, `refused`, `memory`).

    `memory` in megabytes is the process's own peak where it does not say another.
    """
    print(json.dumps({"memory": own_peak(), **figures}))


def own_peak() -> float:
    """Megabytes. Linux counts in `ru_maxrss` what the parent held when it started this process."""
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peak_of_children() -> float:
    """Megabytes of the largest process that this one started and waited for."""
    return _megabytes(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def _megabytes(maximum: int) -> float:
    return maximum / ((1 << 20) if sys.platform == "darwin" else 1024)
