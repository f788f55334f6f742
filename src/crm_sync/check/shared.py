"""One line of defaults.yaml that is wrong for several mappings: one finding.

In: all findings. Out: the same, of which those that say the same of one shared line are one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from crm_sync.mapping.finding import Finding
from crm_sync.mapping.form import DEFAULTS

__all__ = ["told_once"]

_WORST = ("error", "warning", "information")


def told_once(findings: Iterable[Finding]) -> list[Finding]:
    """The worst of those that say the same of a shared line, with the mappings of which it is so;
    all others as they are.
    """
    found: list[Finding] = []
    shared: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        file = PurePath(finding.where.partition(":")[0]).name
        if file != DEFAULTS or not finding.mapping:
            found.append(finding)
            continue
        shared.setdefault((finding.where, finding.kind, finding.path, finding.alike), []).append(
            finding
        )
    for same in shared.values():
        worst = min(same, key=lambda one: _WORST.index(one.severity))
        names = sorted({one.mapping for one in same})
        if len(names) > 1:
            sentence = f"{worst.sentence.rstrip('.')} (so it is for {', '.join(names)})."
            worst = replace(worst, sentence=sentence)
        found.append(worst)
    return found
