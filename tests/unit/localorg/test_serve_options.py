"""The options of ``org serve``: what each does, and one line for a wrong one."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .test_process import get, process

LIMITS = "/services/data/v60.0/limits"


def refused(*arguments: str) -> str:
    """What a start that must fail says: one line on standard error, exit code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "crm_sync.localorg", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line


def test_version_latency_limit_and_faults() -> None:
    with process(
        "--version=62.0",
        "--latency=150ms",
        "--daily-limit=3",
        "--fault=503:path=userinfo,times=1",
    ) as (_, told):
        listed = get(told, "/services/data").json()
        assert listed[-1]["version"] == "62.0"
        assert get(told, "/services/data/v63.0/limits").status_code == 404  # counts as a call
        started = time.monotonic()
        assert get(told, LIMITS).json()["DailyApiRequests"] == {"Max": 3, "Remaining": 1}
        assert time.monotonic() - started >= 0.15
        assert get(told, "/services/oauth2/userinfo").status_code == 503
        assert get(told, LIMITS).status_code == 200
        assert get(told, LIMITS).json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_describes_record_types_and_rules(tmp_path: Path) -> None:
    with process("--http") as (_, told):
        described = get(told, "/services/data/v60.0/sobjects/Campaign/describe").json()
    described |= {"name": "Extra__c", "label": "Extra", "keyPrefix": "a09"}
    (tmp_path / "Extra__c.json").write_text(json.dumps(described), encoding="utf-8")
    rule = {"rule": "cpu", "object": "Lead", "rows": 5}
    with process(
        f"--describe={tmp_path}", "--record-type=Lead=Inbound", f"--rule={json.dumps(rule)}"
    ) as (_, told):
        extra = get(told, "/services/data/v60.0/sobjects/Extra__c/describe").json()
        assert extra["keyPrefix"] == "a09"
        lead = get(told, "/services/data/v60.0/sobjects/Lead/describe").json()
        assert lead["recordTypeInfos"][0]["name"] == "Inbound"
        assert get(told, "/local/rules").json() == [rule]


def test_another_host_is_served_and_said() -> None:
    with process("--host=0.0.0.0") as (running, told):
        assert get(told, LIMITS).status_code == 200
        assert running.stderr is not None
        assert running.stderr.readline() == (
            "local-salesforce-org: listening on 0.0.0.0: other machines can reach it\n"
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--latency=soon"], "--latency soon: write it as 150ms or 0.5s"),
        (["--version=59.0"], "--version 59.0: one of 60.0 to 67.0"),
        (["--daily-limit=-1"], "--daily-limit -1: a number of calls, 0 or more"),
        (["--fault=fire"], "--fault fire: no such kind: fire; known are"),
        (["--record-type=Lead"], "--record-type Lead: write it as Opportunity=New Business"),
        (["--record-type=Foo=A"], "record types of an unknown object: Foo"),
        (["--rule={"], "--rule {: column 2:"),
        (['--rule={"rule": "magic"}'], 'There is no rule "magic"'),
        (["--describe=nowhere"], "--describe nowhere: no such directory"),
    ],
)
def test_a_wrong_option_is_one_line(arguments: list[str], message: str) -> None:
    line = refused(*arguments)
    assert line.startswith(f"local-salesforce-org: {message}")
