"""squawk on the migrations that are written by hand, by the settings in .squawk.toml."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import clients
from tests.support.postgres import ROOT
from tools.migrations import MIGRATIONS

pytestmark = pytest.mark.clients

GOOD = r"""
set lock_timeout = '5s';
set statement_timeout = '1min';
alter table public.accounts add column if not exists vat_number text;
comment on column public.accounts.vat_number is 'VAT number.';
alter table public.accounts
    add constraint accounts_vat_number_not_blank check (vat_number ~ '\S') not valid;
create index if not exists accounts_vat_number on public.accounts (vat_number);
"""
BAD = """
alter table public.accounts add column ranking bigint not null;
alter table public.accounts drop column phone;
alter table public.leads rename column notes to remarks;
alter table public.projects alter column contract_value type bigint;
alter table public.projects add constraint positive check (contract_value > 0);
create table public.visit (id serial primary key, at timestamp, place varchar(20));
"""
RULES = {
    "adding-required-field",
    "ban-drop-column",
    "changing-column-type",
    "constraint-missing-not-valid",
    "prefer-identity",
    "prefer-text-field",
    "prefer-timestamp-tz",
    "renaming-column",
    "require-lock-timeout",
    "require-statement-timeout",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project's settings and migrations, to which a test may add."""
    shutil.copy(ROOT / ".squawk.toml", tmp_path)
    shutil.copytree(MIGRATIONS, tmp_path / MIGRATIONS.relative_to(ROOT))
    return tmp_path


@pytest.fixture
def broken_rules(pytestconfig: pytest.Config, folder: Path) -> Callable[[], dict[str, set[str]]]:
    """Lints all migrations, as .squawk.toml says at its top; the rules that each one breaks."""

    def run() -> dict[str, set[str]]:
        files = [str(f.relative_to(folder)) for f in folder.glob("supabase/migrations/*.sql")]
        done = clients.lint(
            pytestconfig,
            folder,
            *("squawk", "--no-error-on-unmatched-pattern", "--reporter=json", *sorted(files)),
            cwd=folder,
        )
        rules: dict[str, set[str]] = {}
        for found in json.loads(done.stdout or "[]"):
            rules.setdefault(Path(found["file"]).name, set()).add(found["rule_name"])
        assert (done.returncode != 0) is bool(rules), done.stderr
        return rules

    return run


def test_ours_break_no_rule(broken_rules: Callable[[], dict[str, set[str]]]) -> None:
    assert broken_rules() == {}


def test_a_bad_migration_is_found_beside_a_good_one(
    broken_rules: Callable[[], dict[str, set[str]]], folder: Path
) -> None:
    added = folder / "supabase/migrations"
    (added / "29991231000000_good.sql").write_text(GOOD, "utf-8")
    (added / "29991231000001_bad.sql").write_text(BAD, "utf-8")
    found = broken_rules()
    assert found.keys() == {"29991231000001_bad.sql"}
    assert found["29991231000001_bad.sql"] >= RULES
