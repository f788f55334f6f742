"""One record of a request body: from JSON to parsed values and lookups by external ID.

In: a JSON object as a client sends it. Out: a :class:`Row` with stored values by field name and the
lookups still to be resolved. What is wrong with it is kept as the row's error, not raised, so that
one bad row never sinks its neighbours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_sync.localorg.errors import ApiError, BodyError, RowError
from crm_sync.localorg.records import identifiers, values
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.schema import Field, ObjectType, Schema

ATTRIBUTES_FIRST = (
    "Nested object for polymorphic foreign key must have an attributes field before any other "
    "fields."
)


@dataclass(frozen=True)
class Lookup:
    """A parent named by its external ID instead of its Id."""

    field: Field
    target: ObjectType
    key: Field
    value: Any


@dataclass
class Row:
    """One record on its way through a write."""

    object_type: ObjectType
    values: Record = field(default_factory=dict[str, Any])
    lookups: list[Lookup] = field(default_factory=list[Lookup])
    id: str | None = None
    old: Record | None = None
    new: Record = field(default_factory=dict[str, Any])
    error: RowError | None = None
    created: bool = False

    @property
    def is_alive(self) -> bool:
        return self.error is None


class BodyParser:
    """Parses the records of one object; made once per object and kept."""

    def __init__(
        self, schema: Schema, object_type: ObjectType, stored: ObjectType | None = None
    ) -> None:
        """``stored`` is the whole object where ``object_type`` is a user's view of it."""
        self._schema = schema
        self._object = object_type
        self._stored = stored or object_type
        self._parsers = {f.name: values.parser(f) for f in object_type.fields}
        self._known: dict[str, tuple[str, Callable[[Any], Any]]] = {}
        """Names as clients have spelled them → the field, and how its values are read."""

    def row(self) -> Row:
        """An empty row, for who reads records from elsewhere."""
        return Row(self._stored)

    def parse(self, body: Mapping[str, Any]) -> Row:
        row = self.row()
        known, given = self._known, row.values
        try:
            for name, value in body.items():
                if name in known:
                    field_name, read = known[name]
                    given[field_name] = read(value)
                elif name != "attributes":
                    self._parse_one(row, name, value)
        except RowError as error:
            row.error = error
        return row

    def _parse_one(self, row: Row, name: str, value: Any) -> None:
        described = self._object.find(name)
        if described is None:
            parent = self._object.by_relationship.get(name.lower())
            if parent is None:
                raise no_such_column(name, self._object)
            self._parse_lookup(row, parent, value)
        elif described.type == "id":
            if value is not None:
                row.id = self.record_id(value)
        else:
            read = self._parsers[described.name]
            row.values[described.name] = read(value)
            self._known[name] = (described.name, read)

    def record_id(self, value: Any) -> str:
        """The row's own Id: of this object, in either form (R, MALFORMED_ID)."""
        id18 = identifiers.normalize(value) if isinstance(value, str) else None
        if id18 is None or not id18.startswith(self._object.prefix):
            raise values.wrong_id(self._object["Id"], str(value), "MALFORMED_ID")
        return id18

    def _parse_lookup(self, row: Row, parent: Field, value: Any) -> None:
        if value is None:
            row.values[parent.name] = None
            return
        if not isinstance(value, dict):
            raise values.wrong_type("reference", value)
        nested: dict[str, Any] = value
        target = self._target(parent, nested)
        named = [(k, v) for k, v in nested.items() if k != "attributes"]
        key = target.find(named[0][0]) if len(named) == 1 else None
        if key is None or not key.is_key:
            shown = named[0][0] if named else ""
            raise not_a_key(shown, target)
        if isinstance(named[0][1], dict | list):
            raise values.wrong_type("string", named[0][1])
        row.lookups.append(Lookup(parent, target, key, named[0][1]))

    def _target(self, parent: Field, nested: Mapping[str, Any]) -> ObjectType:
        named = _named_type(nested)
        if parent.is_polymorphic:
            # R (nango), C (Data Loader): the type must be known before the other fields are read.
            if next(iter(nested), "") != "attributes" or nested["attributes"] is None:
                raise BodyError("JSON_PARSER_ERROR", ATTRIBUTES_FIRST)
        elif named is None:
            named = parent.reference_to[0]
        target = self._schema.find(named or "")
        if target is None or target.name not in parent.reference_to:
            raise RowError(
                "INVALID_FIELD",
                f"The external foreign key reference does not reference a valid entity: {named}",
            )
        return target


def no_such_column(name: str, object_type: ObjectType) -> BodyError:
    """R, errors/invalid-field-400.json."""
    return BodyError(
        "INVALID_FIELD", f"No such column '{name}' on sobject of type {object_type.name}"
    )


def not_a_key(name: str, target: ObjectType) -> RowError:
    """A parent named by a field that cannot name one."""
    return RowError(
        "INVALID_FIELD",
        f"Field name provided, {name} is not an External ID or indexed field for {target.name}",
    )


def _named_type(record: Mapping[str, Any]) -> str | None:
    """The type that ``attributes`` name, if any. Raises BodyError where they are no map, or the
    type is no text."""
    attributes: Any = record.get("attributes")
    if attributes is None:
        return None
    if not isinstance(attributes, dict):
        raise values.wrong_type("map", attributes)
    named: Any = attributes.get("type")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if named is not None and not isinstance(named, str):
        raise values.wrong_type("string", named)
    return named  # pyright: ignore[reportUnknownVariableType]


def check_type(record: Mapping[str, Any], object_type: ObjectType) -> None:
    """A record sent to the URL of an object may leave its type out, but name no other.

    Raises ApiError; that Salesforce refuses it, and its sentences, are U.
    """
    try:
        named = _named_type(record)
    except BodyError as error:
        raise error.as_request() from None
    if named is not None and named.lower() != object_type.name.lower():
        raise other_type(named, object_type)


def other_type(named: str, object_type: ObjectType) -> ApiError:
    """A record of another type than its URL (U)."""
    message = f"sObject type '{named}' does not match '{object_type.name}'."
    return ApiError(400, "INVALID_TYPE", message)


def type_of(record: Any) -> str:
    """The type that a record of a Collections body names; ``attributes`` may come last (R)."""
    attributes: Any = record.get("attributes") if isinstance(record, dict) else None
    named = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(named, str):
        raise ApiError(400, "JSON_PARSER_ERROR", ATTRIBUTES_FIRST)
    return named
