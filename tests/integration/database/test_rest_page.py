"""docs/rest-api.md, call by call: what it shows is what a replay of PostgREST answers.

A replay (tests/support/postgrest.py), not PostgREST. An id on the page stands for the one that the
database gave where the page shows it first; `…` stands for any text.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest
from markdown_it import MarkdownIt

from tests.integration.database.rows import add
from tests.support.postgres import ROOT, Server
from tests.support.postgrest import Answer, Replay, Request
from tests.support.supabase import Project, project

PAGE = ROOT / "docs" / "rest-api.md"
ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
NOBODYS = "00000000-0000-0000-0000-000000000000"
CRM = ("-s", "-H", "apikey: $KEY", "-H", "Authorization: Bearer $TOKEN",
       "-H", "Content-Type: application/json")  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A call of the page, and the status and answer that it shows."""

    line: int
    command: str
    statuses: tuple[int, ...]
    content_range: str | None
    body: Any


@pytest.fixture(scope="module")
def api(supabase_server: Server) -> Iterator[Project]:
    with project(supabase_server, "rest_page", is_old=False) as made:
        yield made


def calls() -> Iterator[Call]:
    """Every block of commands with the block that follows it; the first only sets variables."""
    tokens = MarkdownIt().parse(PAGE.read_text(encoding="utf-8"))
    blocks = [token for token in tokens if token.type == "fence"]
    setup, *blocks = blocks
    assert "CRM=(" + shlex.join(CRM).replace("'", '"') + ")" in setup.content
    assert [block.info for block in blocks[::2]] == ["sh"] * (len(blocks) // 2)
    for asked, shown in zip(blocks[::2], blocks[1::2], strict=True):
        assert asked.map
        statuses, content_range, body = _shown(shown.info, shown.content)
        commands = re.split(r"^(?=curl )", asked.content, flags=re.MULTILINE)[1:]
        for number, command in enumerate(commands):
            last = number == len(commands) - 1
            yield Call(
                asked.map[0] + 1, command, statuses, content_range if last else None,
                body if last else None,
            )  # fmt: skip


def _shown(kind: str, text: str) -> tuple[tuple[int, ...], str | None, Any]:
    if kind == "json":
        return (200, 201), None, json.loads(text)
    assert kind == "http", kind
    head, _, body = text.partition("\n\n")
    first, *headers = head.strip().splitlines()
    ranges = [line.removeprefix("Content-Range: ") for line in headers]
    status = int(first.split()[1])
    return (status,), ranges[0] if ranges else None, json.loads(body) if body else None


def request(command: str) -> tuple[Request, str]:
    """What curl sends, and as whom."""
    words = iter(shlex.split(command.replace('"${CRM[@]}"', shlex.join(CRM))))
    assert next(words) == "curl"
    method, url, headers, body = "", "", {}, None
    for word in words:
        if word in ("-s", "-i"):
            continue
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name.lower()] = value
        elif word == "-d":
            body = next(words)
        else:
            assert not word.startswith("-"), word
            url = word
    assert url.startswith("$API/"), url
    split = urlsplit(url.removeprefix("$API/"))
    query = tuple(parse_qsl(split.query, keep_blank_values=True, strict_parsing=bool(split.query)))
    role = "authenticated" if "authorization" in headers else "anon"
    made = Request(method or ("POST" if body else "GET"), split.path, query, headers, body)
    assert "apikey" in headers
    return made, role


def differs(shown: Any, found: Any, ids: dict[str, str]) -> bool:
    """Whether an answer is another than the page shows; learns which id stands for which."""
    if isinstance(shown, dict) and isinstance(found, dict):
        return shown.keys() != found.keys() or any(
            differs(shown[key], found[key], ids) for key in shown
        )
    if isinstance(shown, list) and isinstance(found, list):
        return len(shown) != len(found) or any(
            differs(one, other, ids) for one, other in zip(shown, found, strict=True)
        )
    if isinstance(shown, str) and isinstance(found, str):
        if ID.fullmatch(shown) and shown not in ids and ID.fullmatch(found):
            ids[shown] = found
        pattern = ".*".join(map(re.escape, _with(shown, ids).split("…")))
        return re.fullmatch(pattern, found, re.DOTALL) is None
    return type(shown) is not type(found) or bool(shown != found)


def _with(text: str, ids: dict[str, str]) -> str:
    return ID.sub(lambda one: ids.get(one[0], one[0]), text)


def test_every_call_of_the_page_is_answered_as_it_shows(api: Project) -> None:
    ids: dict[str, str] = {NOBODYS: NOBODYS}
    replay = Replay(api)
    followed: list[Request] = []
    for call in calls():
        made, role = request(_with(call.command, ids))
        answer = replay.ask(made, role)
        followed.append(made)
        place = f"docs/rest-api.md:{call.line}: {call.command}"
        assert answer.status in call.statuses, f"{place}\n{answer}"
        assert answer.content_range == call.content_range, f"{place}\n{answer}"
        assert not differs(call.body, answer.body, ids), (
            f"{place}\n{json.dumps(answer.body, ensure_ascii=False)}"
        )
    assert {one.method for one in followed} == {"GET", "POST", "PATCH", "DELETE"}
    assert any(one.path == "rpc/convert_lead" for one in followed)


def test_a_wrong_answer_on_the_page_is_noticed() -> None:
    ids: dict[str, str] = {}
    one, other = "5f0c8f1e-6c1b-4b57-9c0e-1d2a7a5b9e01", "9a1d6a04-2f0b-4f3b-8f57-3d5d4c0a7e02"
    assert not differs([{"id": one}], [{"id": other}], ids)
    assert differs([{"id": one}], [{"id": one}], ids), "an id stands for one id"
    for shown, found in (
        ([], None), ([{"a": 1}], [{"a": 2}]), ([{"a": 1}], [{"a": 1, "b": 1}]),
        ({"a": None}, {"a": ""}),
        ("Lead … is new", "Lead x is old"), (True, 1), ([1], [1, 1]),
    ):  # fmt: skip
        assert differs(shown, found, ids), (shown, found)


def test_no_two_tables_are_joined_in_two_ways(api: Project) -> None:
    replay = Replay(api)
    tables = sorted(replay._columns)
    ways = {(a, b): replay.relations(a, b) for a in tables for b in tables}
    assert {pair: found for pair, found in ways.items() if len(found) > 1} == {}
    for pair in (("accounts", "projects"), ("projects", "activities"), ("leads", "accounts")):
        assert len(ways[pair]) == 1, pair


def test_what_postgrest_refuses_itself_the_replay_refuses(api: Project) -> None:
    replay = Replay(api)

    def ask(method: str, path: str, body: str | None = None, **query: str) -> Answer:
        return replay.ask(Request(method, path, tuple(query.items()), {}, body), "authenticated")

    assert ask("GET", "lead") == Answer(404, {"code": "PGRST205"})
    assert ask("GET", "leads", select="projects(id)") == Answer(400, {"code": "PGRST200"})
    assert ask("POST", "leads", '{"company": "x"}') == Answer(400, {"code": "PGRST204"})
    one = {"accept": "application/vnd.pgrst.object+json"}
    none = Request("GET", "leads", (("company_name", "eq.nobody"),), one)
    assert replay.ask(none, "authenticated") == Answer(406, {"code": "PGRST116"})
    generated = ask("POST", "activities", '{"related_type": "lead"}')
    assert (generated.status, generated.body["code"]) == (400, "428C9")
    writing = ask("GET", "rpc/convert_lead", lead_id=NOBODYS)
    assert (writing.status, writing.body["code"]) == (405, "25006")


@pytest.mark.parametrize("role", ["authenticated", "service_role"])
def test_everything_that_the_openapi_description_lists_has_a_comment(
    api: Project, role: str
) -> None:
    """As PostgREST's SchemaCache.hs reads it: what the role may use, and what describes it."""
    described = """
        select 'table ' || c.relname, d.description
        from pg_class c
        left join pg_description d
            on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and not c.relispartition
          and (has_table_privilege(%(role)s, c.oid, 'select, insert, update, delete')
               or has_any_column_privilege(%(role)s, c.oid, 'select, insert, update'))
        union all
        select 'column ' || c.relname || '.' || a.attname, d.description
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_description d
            on d.objoid = c.oid and d.objsubid = a.attnum and d.classoid = 'pg_class'::regclass
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
        union all
        select 'function ' || p.proname, d.description
        from pg_proc p
        left join pg_description d on d.objoid = p.oid and d.classoid = 'pg_proc'::regclass
        where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
          and p.prorettype <> 'trigger'::regtype
          and has_function_privilege(%(role)s, p.oid, 'execute')
    """
    with psycopg.connect(api.admin_url) as admin:
        found: dict[str, str | None] = dict(admin.execute(described, {"role": role}).fetchall())
    listed = {name for name in found if name.startswith(("table", "function"))}
    assert {"table accounts", "table practice_setting", "function convert_lead"} <= listed
    assert [name for name, comment in found.items() if not (comment or "").strip()] == []
    # PostgREST takes the first of several lines for a summary and the rest for the description.
    assert [name for name, comment in found.items() if "\n" in (comment or "")] == []


def test_computed_fields_are_columns_and_no_calls(api: Project) -> None:
    replay = Replay(api)
    assert set(replay._functions) == {"convert_lead", "is_staff"}
    for table, fields in {
        "leads": "full_name", "activities": "is_open", "projects": "is_overdue"
    }.items():  # fmt: skip
        request = Request("GET", table, (("select", fields), ("order", f"{fields}.desc")))
        assert replay.ask(request, "authenticated").status == 200
        refused = Request(
            "PATCH", table, (("id", f"eq.{NOBODYS}"),), {}, json.dumps({fields: None})
        )
        assert replay.ask(refused, "authenticated").body == {"code": "PGRST204"}


def test_a_computed_field_says_what_the_views_say(api: Project) -> None:
    with psycopg.connect(api.admin_url) as admin, admin.transaction(force_rollback=True):
        account = add(admin, "accounts")
        for end in ("2024-05-01", "2999-05-01", None):
            for status in ("active", "completed"):
                add(admin, "projects", account_id=account, end_date=end, project_status=status)
        for due in ("2024-05-01", None):
            for completed in (True, False):
                add(admin, "activities", account_id=account, due_date=due, completed=completed)
        for table, field, view, key in (
            ("activities", "is_open", "activity_timeline", "activity_id"),
            ("projects", "is_overdue", "project_detail", "project_id"),
        ):
            said = (
                f"select distinct t.{field}, v.{field} from public.{table} t"
                f" join analytics.{view} v on v.{key} = t.id::text"
            )
            assert set(admin.execute(said.encode())) == {(True, True), (False, False)}, field
