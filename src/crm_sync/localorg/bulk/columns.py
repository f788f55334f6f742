"""The header of an upload as fields, and its cells as values.

In: a header and rows of text. Out: a :class:`Row` per record for ``records.save``. A header that
cannot be understood refuses the job (R, bulk2/info-failed.json), a cell its row.

    Name                     a field, in any case
    Account.CRM_Id__c        a parent by external ID
    Lead:Who.CRM_Id__c       the same where several objects can be meant, which must be named (D)
"""

from collections.abc import Callable, Sequence

from crm_sync.localorg.bulk.dialect import UnreadableError
from crm_sync.localorg.errors import BodyError, RowError
from crm_sync.localorg.records import values
from crm_sync.localorg.records.body import BodyParser, Lookup, Row, not_a_key
from crm_sync.localorg.schema import Field, ObjectType, Schema

NULL = "#N/A"
"""The text that clears a field; an empty cell leaves it alone (D, Prepare CSV Files)."""

Put = Callable[[Row, str], None]


class Columns:
    """One header, understood."""

    def __init__(
        self, schema: Schema, parser: BodyParser, object_type: ObjectType, names: Sequence[str]
    ) -> None:
        """``schema`` and ``object_type`` are as the writing user sees them."""
        self._schema = schema
        self._parser = parser
        self._object = object_type
        self.fields: list[str] = []
        self._puts = [self._put(index, name) for index, name in enumerate(names)]

    def require(self, name: str) -> None:
        """The column without which an operation has no sense (3: "Field name not found : Id")."""
        if name not in self.fields:
            raise UnreadableError(f"InvalidBatch : Field name not found : {name}")

    def parse(self, cells: Sequence[str]) -> Row:
        row = self._parser.row()
        try:
            if len(cells) != len(self._puts):
                raise RowError(
                    "INVALID_FIELD", "Number of columns does not match the number of headers"
                )
            for put, cell in zip(self._puts, cells, strict=True):
                if cell:
                    put(row, cell)
        except RowError as error:
            row.error = error
        return row

    def _put(self, index: int, name: str) -> Put:
        if "." in name:
            return self._lookup(name)
        field = self._object.find(name)
        if field is None or not field.is_stored:
            raise UnreadableError(f"InvalidBatch : Field name not found : {name}")
        self.fields.append(field.name)
        if field.type == "id":
            return self._put_id
        return _value(index, field)

    def _put_id(self, row: Row, cell: str) -> None:
        if cell != NULL:
            row.id = self._parser.record_id(cell)

    def _lookup(self, name: str) -> Put:
        """Refusals of a needless type are 3 (trials against an org), of a missing one U."""
        path, _, key_name = name.partition(".")
        type_name, has_type, relationship = path.rpartition(":")
        field = self._object.by_relationship.get(relationship.lower())
        if field is None:
            raise UnreadableError(
                f"InvalidBatch : Unable to find relationship: {relationship}"
                if has_type
                else f"InvalidBatch : Field name not found : {name}"
            )
        if bool(has_type) is not field.is_polymorphic:
            needed = "needed" if field.is_polymorphic else "not needed"
            kind = "polymorphic" if field.is_polymorphic else "non polymorphic"
            raise UnreadableError(
                f"InvalidBatch : type is {needed} for {kind} foreign key references: {relationship}"
            )
        target = self._schema.find(type_name or field.reference_to[0])
        key = target.find(key_name) if target is not None else None
        if target is None or key is None or target.name not in field.reference_to:
            raise UnreadableError(f"InvalidBatch : Field name not found : {name}")
        return _parent(field, target, key)


def _parent(field: Field, target: ObjectType, key: Field) -> Put:
    def put(row: Row, cell: str) -> None:
        if cell == NULL:
            row.values[field.name] = None
        elif not key.is_key:
            raise not_a_key(key.name, target)
        else:
            row.lookups.append(Lookup(field, target, key, cell))

    return put


def _value(index: int, field: Field) -> Put:
    parse = values.parser(field)
    name = field.name
    is_boolean = field.type == "boolean"

    def put(row: Row, cell: str) -> None:
        try:
            if cell == NULL:
                row.values[name] = parse(None)
            elif is_boolean:
                row.values[name] = parse({"1": "true", "0": "false"}.get(cell, cell.lower()))
            else:
                row.values[name] = parse(cell)
        except BodyError:
            raise _not_of_type(index, field, cell) from None

    return put


def _not_of_type(index: int, field: Field, cell: str) -> RowError:
    """R, amp-labs bulk/info/partial-failure.csv; columns are counted from 0 there."""
    xsd = {"boolean": "boolean", "int": "int", "date": "date", "datetime": "dateTime"}
    return RowError(
        "INVALID_FIELD",
        f"Failed to deserialize field at col {index}. Due to, '{cell}' is not a valid value for "
        f"the type xsd:{xsd.get(field.type, 'double')}",
        [field.name],
    )
