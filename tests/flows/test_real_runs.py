"""Flows run by Prefect itself, against a database and a local org."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import State
from prefect.client.schemas.schedules import CronSchedule

from flows.automations import main as make_automations
from flows.dry_run import dry_run
from flows.sync import sync
from tests.support.postgres import ROOT

if TYPE_CHECKING:
    from crm_sync.localorg.serve import LocalOrg

pytestmark = pytest.mark.usefixtures("prefect_api", "working_directory", "two_accounts")


def run(flow: Any, **parameters: Any) -> State[None]:
    state: State[None] = flow(**parameters, return_state=True)
    return state


def newest_artifact(key: str) -> str:
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        )
    return str(max(found, key=lambda artifact: str(artifact.created)).data)


def accounts(org: LocalOrg) -> int:
    return org.store.count("Account")


def test_a_dry_run_then_a_sync_then_nothing_left_to_do(org: LocalOrg) -> None:
    assert run(dry_run).type.value == "COMPLETED"
    assert "Account" in newest_artifact("crm-sync-dry-run")
    assert accounts(org) == 0
    state = run(sync)
    assert state.type.value == "COMPLETED", state.message
    assert accounts(org) == 2
    assert float(newest_artifact("crm-sync-progress")) == 100
    assert org.org_id in newest_artifact("crm-sync") or "Local org" in newest_artifact("crm-sync")
    assert run(sync, full=True).type.value == "COMPLETED"
    assert accounts(org) == 2


def test_a_refused_row_makes_the_run_failed_and_names_it(
    org: LocalOrg, connection: psycopg.Connection[Any]
) -> None:
    error = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No.", "fields": []}
    org.faults.append({"when": {"object": "Account"}, "then": {"row_error": error}, "times": 2})
    state = run(sync)
    assert (state.type.value, state.name) == ("FAILED", "Failed")
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in newest_artifact("crm-sync")
    assert accounts(org) == 0
    for key, name in connection.execute("select id::text, company_name from public.accounts"):
        assert f"accounts {key} refused (FIELD_CUSTOM_VALIDATION_EXCEPTION)" in str(state.message)
        assert name not in str(state.message)


def test_a_parameter_of_the_wrong_type_starts_nothing(org: LocalOrg) -> None:
    assert run(sync, full="perhaps").type.value == "FAILED"
    assert list(org.calls) == []


def test_a_cancelled_run_ends_soon_and_the_next_one_completes_its_work(
    org: LocalOrg, connection: psycopg.Connection[Any], prefect_api: str
) -> None:
    upsert = {"method": "PATCH", "object": "Account"}
    org.faults.append({"when": upsert, "then": {"delay": 60}, "times": 1})
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.sync"],
        env={**os.environ, "PREFECT_API_URL": prefect_api, "PYTHONPATH": str(ROOT)},
    )
    try:
        wait_for(connection, "select count(*) from sync.record where in_flight is not null")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    finally:
        process.kill()
    status = connection.execute("select status from sync.run order by run_number desc").fetchone()
    if os.name != "nt":  # where SIGTERM is no signal but the end; the next run must cope with both
        assert status == ("interrupted",)
    assert run(sync).type.value == "COMPLETED"
    assert accounts(org) == 2


def wait_for(connection: psycopg.Connection[Any], count: str) -> None:
    for _ in range(300):
        found = connection.execute(count.encode()).fetchone()
        if found and found[0]:
            return
        time.sleep(0.1)
    raise AssertionError(f"in 30 s never true: {count}")


def test_the_deployment_of_prefect_yaml_runs_on_a_worker(
    org: LocalOrg, prefect_api: str, working_directory: Path
) -> None:
    environment = {
        **os.environ,
        "PREFECT_API_URL": prefect_api,
        "PREFECT_HOME": str(working_directory / "worker"),
    }

    def prefect(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    prefect("work-pool", "create", "crm-sync", "--type", "process")
    prefect("deploy", "--all")
    prefect("deployment", "run", "crm-sync/nightly")
    prefect("worker", "start", "--pool", "crm-sync", "--run-once")
    with get_client(sync_client=True) as client:
        nightly = client.read_deployment_by_name("crm-sync/nightly")
        runs = client.read_flow_runs()
    (schedule,) = [scheduled.schedule for scheduled in nightly.schedules]
    assert isinstance(schedule, CronSchedule)
    assert (schedule.cron, schedule.timezone) == ("15 2 * * *", "Europe/Berlin")
    assert nightly.global_concurrency_limit is not None
    assert nightly.global_concurrency_limit.limit == 1
    assert nightly.parameters == {
        "target": None,
        "select": [],
        "full": False,
        "retry_refused": False,
        "create_anyway": False,
    }
    deployed = [
        run for run in runs if run.deployment_id == nightly.id and run.state_name != "Scheduled"
    ]
    assert [run.state_name for run in deployed] == ["Completed"]
    assert accounts(org) == 2


def test_automations_are_made_once_however_often_one_asks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with get_client(sync_client=True) as client:
        webhook = client.read_block_type_by_slug("custom-webhook")
        schema = client.get_most_recent_block_schema_for_block_type(webhook.id)
        assert schema is not None
        client.create_block_document(notification_block(webhook.id, schema.id))
        make_automations([])
        make_automations(["--notify", "custom-webhook/crm"])
        make_automations(["--notify", "custom-webhook/crm"])
        ours = [found for found in client.read_automations() if "crm-sync" in found.name]
    assert len(ours) == 3
    said = capsys.readouterr().out
    assert said.count("left out") == 2
    assert said.count("created: ") == 3


def notification_block(block_type: Any, block_schema: Any) -> Any:
    from prefect.client.schemas.actions import BlockDocumentCreate

    return BlockDocumentCreate(
        name="crm",
        block_type_id=block_type,
        block_schema_id=block_schema,
        data={"name": "crm", "url": "https://hooks.example/crm"},
    )
