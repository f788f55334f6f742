"""What a dry run says of a row is what the org answers when the row is sent all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from crm_sync.mapping import refusals
from crm_sync.mapping.refusals import RULES, Proof
from tests.integration.sync.practice import Practice
from tests.support.postgres import Database
from tests.trials import prediction_cases
from tests.trials.predictions import figures, trial

NOT_SENT = {refusals.NO_REFERENCE, refusals.TAKEN_STILL}
"""Nothing is sent for the first; what becomes of the second depends on the org's order."""


def test_what_a_dry_run_foretells_is_what_the_org_answers(
    database: Database, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with prediction_cases.open_org() as org:
        practice = Practice(database, connection, {"local": org}, tmp_path / "mappings")
        verdicts = trial(1, practice).run()
    told = figures(verdicts)
    assert all(v.agrees for v in verdicts), told
    assert all(v.is_foreseen for v in verdicts), told
    assert len(verdicts) >= 500
    assert sum(len(v.rules) == 2 for v in verdicts) >= 200
    alone = {v.rules[0] for v in verdicts if len(v.rules) == 1}
    assert alone == {r for r in RULES if r.proof is not Proof.OURS} - NOT_SENT
