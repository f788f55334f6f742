# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""Lists of records: searched, sorted and cut into pages by SQLite."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from crm_sync.localorg.page import show
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.functions import folded
from crm_sync.localorg.records.store import Record, quote
from crm_sync.localorg.schema import Field, ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

ROWS = 50
"""Records on one page of a list."""
MOST_COLUMNS = 7
_TELLING = (
    "Company", "AccountId", "WhoId", "WhatId", "StageName", "Amount", "CloseDate", "Status",
    "Priority", "ActivityDate", "StartDateTime", "Email", "Phone", "Type", "Industry", "Username",
    "IsActive", "OwnerId",
)  # fmt: skip
"""Fields that tell records apart at a glance, in this order, where an object has them."""
_SEARCHED = ("string", "phone", "email", "url", "picklist", "combobox")


@dataclass(frozen=True)
class Wish:
    """What a list is asked for."""

    search: str = ""
    sort: str = ""
    descending: bool = False
    page: int = 1
    deleted: bool = False
    field: str = ""
    """With ``value``: only records whose lookup points there."""
    value: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wish":
        number = query.get("page", "")
        return cls(
            search=query.get("q", "").strip(),
            sort=query.get("sort", ""),
            descending=query.get("desc") == "1",
            page=max(1, int(number)) if number.isdecimal() and len(number) < 9 else 1,
            deleted=query.get("deleted") == "1",
            field=query.get("field", ""),
            value=query.get("value", ""),
        )

    def address(self, **changes: Any) -> str:
        """The query string of this wish with some parts changed."""
        wish = {**self.__dict__, **changes}
        parts = {
            "q": wish["search"],
            "sort": wish["sort"],
            "desc": "1" if wish["descending"] else "",
            "deleted": "1" if wish["deleted"] else "",
            "field": wish["field"],
            "value": wish["value"],
            "page": str(wish["page"]) if wish["page"] > 1 else "",
        }
        return "?" + urlencode({k: v for k, v in parts.items() if v})


@dataclass(frozen=True)
class Row:
    """One record of a list."""

    id: str
    name: str
    cells: list[show.Shown]
    is_deleted: bool


@dataclass(frozen=True)
class Listed:
    """One page of a list."""

    columns: list[Field]
    rows: list[Row]
    total: int
    page: int
    pages: int

    @property
    def first(self) -> int:
        return (self.page - 1) * ROWS + 1


def columns_of(object_type: ObjectType) -> list[Field]:
    """The columns of an object's list: its name, its keys, what tells records apart, the date."""
    own = [show.name_field(object_type)]
    own += [f for f in object_type.stored if f.describe["externalId"]]
    own += [f for name in _TELLING if (f := object_type.find(name)) is not None]
    if len(own) < MOST_COLUMNS - 1:  # an object that nobody foresaw
        own += [f for f in object_type.stored if f.describe["updateable"] and f not in own]
    last = object_type.find("LastModifiedDate")
    unique = list(dict.fromkeys(f.name for f in own))[: MOST_COLUMNS - 1]
    return [*(object_type[name] for name in unique), *([last] if last else [])]


def records(org: "Org", object_type: ObjectType, wish: Wish) -> Listed:
    """The page of the list that a wish asks for; the last one where it asks for one beyond."""
    where, parameters = _where(object_type, wish)
    table = quote(object_type.name)
    total = int(org.store.rows(f"select count(*) from {table} {where}", parameters)[0][0])
    pages = max(1, -(-total // ROWS))
    page = min(wish.page, pages)
    names = [f.name for f in object_type.stored]
    found = org.store.rows(
        f"select {', '.join(map(quote, names))} from {table} {where} "
        f"order by {_order(object_type, wish)} limit {ROWS} offset {(page - 1) * ROWS}",
        parameters,
    )
    rows = [dict(zip(names, row, strict=True)) for row in found]
    columns = columns_of(object_type)
    return Listed(columns, shown_rows(org, object_type, rows, columns), total, page, pages)


def shown_rows(
    org: "Org", object_type: ObjectType, rows: list[Record], columns: list[Field]
) -> list[Row]:
    """Records as rows of a table."""
    known = show.links(org, ((f, row.get(f.name)) for row in rows for f in columns))
    return [
        Row(
            id=row["Id"],
            name=show.name_of(object_type, row),
            cells=[show.value(object_type, f, row, known) for f in columns],
            is_deleted=bool(row.get("IsDeleted")),
        )
        for row in rows
    ]


def _where(object_type: ObjectType, wish: Wish) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []
    if object_type.soft_delete and not wish.deleted:
        conditions.append('"IsDeleted" = 0')
    lookup = object_type.find(wish.field) if wish.field else None
    if lookup is not None and lookup.type == "reference":
        conditions.append(f"{quote(lookup.name)} = ?")
        parameters.append(wish.value)
    searched = [f for f in object_type.stored if f.type in _SEARCHED]
    text = " || char(10) || ".join(f"coalesce({quote(f.name)}, '')" for f in searched)
    for word in wish.search.split():
        conditions.append(f'(instr(folded({text}), ?) or "Id" = ?)')
        parameters += [folded(word), identifiers.normalize(word)]
    return ("where " + " and ".join(conditions) if conditions else ""), parameters


def _order(object_type: ObjectType, wish: Wish) -> str:
    field = object_type.find(wish.sort) if wish.sort else None
    if field is None or not field.is_stored:
        return "rowid desc"
    direction = "desc" if wish.descending else "asc"
    key = f"folded({quote(field.name)})" if field.is_text else quote(field.name)
    return f"{key} {direction} nulls last, rowid"
