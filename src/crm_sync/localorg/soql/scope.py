"""Names: from the paths of a query to columns of joined tables.

Relationships upwards are left joins. A polymorphic one (Owner, Who, What) joins every object it can
point to, each by its Id, and shows what Salesforce's Name object shows of any of them (D, Name).
"""

from dataclasses import dataclass, replace

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.store import quote
from crm_sync.localorg.schema import Field, ObjectType, Schema
from crm_sync.localorg.soql import refusals
from crm_sync.localorg.soql.context import QueryContext
from crm_sync.localorg.soql.tree import Path

NAME_FIELDS = (
    "Id",
    "Name",
    "Type",
    "FirstName",
    "LastName",
    "Email",
    "Phone",
    "Title",
    "Username",
    "Alias",
    "IsActive",
)
"""What a query may read over a relationship that can point to several objects (D, Name)."""

MOST_PARENTS = 5
"""Levels upwards from the queried object (D, Understanding Relationship Query Limitations)."""


@dataclass(frozen=True)
class Place:
    """A joined record: the tables it may stand in, one unless it is polymorphic."""

    tables: tuple[tuple[str, ObjectType], ...]
    relationships: tuple[str, ...]
    is_name: bool = False
    """Shows the fields of Name instead of those of its object."""


@dataclass(frozen=True)
class Expression:
    """A value in SQL. ``kind`` is a describe's type; ``field`` is None for fields of Name and for
    what a function makes."""

    sql: str
    kind: str
    place: Place
    name: str
    field: Field | None = None
    folds: bool = False
    """A text that compares without regard to case."""

    @property
    def path(self) -> tuple[str, ...]:
        """The names by which the value is reached, as the org writes them."""
        return (*self.place.relationships, self.name)


class Scope:
    """What the names in one SELECT mean; joins are added as paths need them."""

    def __init__(
        self,
        schema: Schema,
        context: QueryContext,
        text: str,
        object_type: ObjectType,
        prefixes: tuple[str | None, ...],
    ) -> None:
        self.schema = schema
        self.context = context
        self.text = text
        self.object_type = object_type
        self.root = Place((("t0", object_type),), ())
        self.joins: list[str] = []
        self._prefixes = {p.lower() for p in (object_type.name, *prefixes) if p}
        self._places: dict[tuple[str, ...], Place] = {(): self.root}
        self._tables = 1

    def find(self, path: Path) -> Expression:
        """The column that a path means; INVALID_FIELD when there is none, or none to be seen."""
        names = list(path.names)
        if len(names) > 1 and names[0].lower() in self._prefixes:
            del names[0]
        last = names.pop()
        return self.column(self._reach(names, path), last, path)

    def column(self, place: Place, name: str, path: Path) -> Expression:
        """A field of a joined record."""
        if place.is_name:
            return self._name_column(place, name, path)
        table, object_type = place.tables[0]
        found = object_type.find(name)
        if found is None or not self.context.may_read(object_type.name, found.name):
            raise refusals.no_column(self.text, name, object_type.name, path.position)
        folds = found.is_text and not found.compares_case
        sql = f"{table}.{quote(found.name)}" if found.is_stored else "null"
        return Expression(sql, found.type, place, found.name, found, folds)

    def polymorphic(self, path: Path) -> Place:
        """The joined record that TYPEOF looks at."""
        names = list(path.names)
        if len(names) > 1 and names[0].lower() in self._prefixes:
            del names[0]
        return self._reach(names, path)

    def branch(self, place: Place, object_name: str, path: Path) -> Place:
        """The record as one of the objects that it may be."""
        for table, object_type in place.tables:
            if object_type.name.lower() == object_name.lower():
                return replace(place, tables=((table, object_type),), is_name=False)
        raise refusals.no_object(self.text, object_name, path.position)

    def place(self, relationships: tuple[str, ...]) -> Place:
        """A record that was joined before."""
        return self._places[relationships]

    def record_id(self, place: Place) -> str:
        """The Id of a joined record, in SQL; null when there is none."""
        return _first_of([f'{table}."Id"' for table, _ in place.tables])

    # Inside ----------------------------------------------------------------------------------

    def _reach(self, names: list[str], path: Path) -> Place:
        if len(names) > MOST_PARENTS:
            raise self._too_far(path)
        place = self.root
        for name in names:
            place = self._join(place, name, path)
        return place

    def _join(self, place: Place, relationship: str, path: Path) -> Place:
        table, object_type = place.tables[0]
        parent = None if place.is_name else object_type.by_relationship.get(relationship.lower())
        if parent is None or parent.relationship is None or not self._sees(object_type, parent):
            raise refusals.no_parent(self.text, relationship, path.position)
        reached = (*place.relationships, parent.relationship)
        if reached in self._places:
            return self._places[reached]
        wanted = parent.reference_to if parent.is_polymorphic else parent.reference_to[:1]
        targets = [t for t in map(self.schema.find, wanted) if t and self._sees(t, t["Id"])]
        if not targets:
            raise refusals.no_parent(self.text, relationship, path.position)
        tables = tuple((f"t{self._tables + n}", target) for n, target in enumerate(targets))
        self._tables += len(tables)
        self.joins += [
            f'left join {quote(target.name)} {alias} on {alias}."Id" = {table}.{quote(parent.name)}'
            for alias, target in tables
        ]
        joined = Place(tables, reached, is_name=parent.is_polymorphic)
        self._places[reached] = joined
        return joined

    def _sees(self, object_type: ObjectType, field: Field) -> bool:
        return self.context.may_read(object_type.name, field.name)

    def _name_column(self, place: Place, name: str, path: Path) -> Expression:
        canonical = {n.lower(): n for n in NAME_FIELDS}.get(name.lower())
        if canonical is None:
            raise refusals.no_column(self.text, name, "Name", path.position)
        if canonical == "Type":
            whens = " ".join(
                f"when {table}.\"Id\" is not null then '{object_type.name}'"
                for table, object_type in place.tables
            )
            return Expression(f"case {whens} end", "string", place, "Type", None, folds=True)
        columns = [
            f"{table}.{quote(canonical)}"
            for table, target in place.tables
            if target.find(canonical)
        ]
        kind = {"Id": "id", "IsActive": "boolean"}.get(canonical, "string")
        return Expression(_first_of(columns), kind, place, canonical, None, folds=kind == "string")

    def _too_far(self, path: Path) -> ApiError:
        """The limit is D; the sentence is U."""
        return refusals.error_at(
            self.text,
            path.position,
            "MALFORMED_QUERY",
            f"Relationship paths may not go up more than {MOST_PARENTS} levels: {path.text}",
        )


def _first_of(columns: list[str]) -> str:
    if not columns:
        return "null"
    return columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})"
