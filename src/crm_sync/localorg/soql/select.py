"""What every SELECT has, whatever it shows: FROM with its joins, WHERE, ORDER BY, LIMIT, OFFSET."""

from collections.abc import Callable
from typing import Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.functions import folded
from crm_sync.localorg.records.store import quote
from crm_sync.localorg.schema import ObjectType, Schema
from crm_sync.localorg.soql import refusals
from crm_sync.localorg.soql.conditions import Conditions, SubSelect
from crm_sync.localorg.soql.context import QueryContext
from crm_sync.localorg.soql.functions import evaluate
from crm_sync.localorg.soql.scope import Expression, Scope
from crm_sync.localorg.soql.tree import Order, Query, Value

MOST_OFFSET = 2000
SCOPES = ("everything", "mine")


class Select:
    """The parts of one SELECT that do not depend on what it shows."""

    def __init__(
        self,
        schema: Schema,
        context: QueryContext,
        text: str,
        query: Query,
        object_type: ObjectType,
        *,
        with_deleted: bool,
        prefix: str | None = None,
    ) -> None:
        self.text = text
        self.query = query
        self.context = context
        self.scope = Scope(schema, context, text, object_type, (query.alias, prefix))
        self.with_deleted = with_deleted or query.all_rows
        self.parameters: list[Any] = []

    def where(self, sub_select: SubSelect | None, first: str = "") -> str:
        """The WHERE clause, with ``first`` in front; joins and parameters are noted."""
        object_type = self.scope.object_type
        conditions = [first] if first else []
        if not self.with_deleted:
            # Neither deleted records nor archived activities show in an ordinary query (D).
            conditions += [
                f't0."{name}" = 0' for name in ("IsDeleted", "IsArchived") if object_type.find(name)
            ]
        conditions += self._scope()
        if self.query.where is not None:
            given = Conditions(self.scope, self.value, sub_select)
            conditions.append(given.compile(self.query.where))
            self.parameters += given.parameters
        return "where " + " and ".join(f"({c})" for c in conditions) if conditions else ""

    def _scope(self) -> list[str]:
        """USING SCOPE: an object has the scopes that its describe lists (D); of them all records
        and one's own are known here."""
        scope, object_type = self.query.scope, self.scope.object_type
        if scope is None:
            return []
        listed = [name for name, _ in object_type.facts.get("supportedScopes", ())]
        known = [name for name in listed if name in SCOPES]
        if scope.text.lower() not in known:
            raise refusals.no_scope(self.text, scope.text, known, scope.position)
        if scope.text.lower() == "everything":
            return []
        self.parameters.append(self.context.user_id)
        return ['t0."OwnerId" = ?']

    def value(self, value: Value) -> Expression:
        return evaluate(self.scope, value)

    def source(self) -> str:
        """FROM with the joins found so far."""
        table = f"from {quote(self.scope.object_type.name)} t0"
        return "\n".join([table, *self.scope.joins])

    def order(self, find: Callable[[Value], Expression]) -> list[str]:
        """Sort keys in SQL."""
        return [key for order in self.query.order_by for key in self._keys(order, find)]

    def bounds(self) -> str:
        query = self.query
        if query.offset > MOST_OFFSET:
            raise ApiError(
                400,
                "NUMBER_OUTSIDE_VALID_RANGE",
                f"Maximum SOQL offset allowed is {MOST_OFFSET}",
            )
        if query.limit is None and not query.offset:
            return ""
        return f"limit {-1 if query.limit is None else query.limit} offset {query.offset}"

    def _keys(self, order: Order, find: Callable[[Value], Expression]) -> list[str]:
        """Nulls come first in both directions unless it is said otherwise; a picklist sorts by the
        order of its values (D, ORDER BY)."""
        found = find(order.value)
        if found.field is not None and not found.field.describe["sortable"]:
            raise refusals.cannot(self.text, found.name, "sorted", order.value.position)
        direction = "desc" if order.is_descending else "asc"
        nulls = "last" if order.are_nulls_last else "first"
        key = f"folded({found.sql})" if found.folds else found.sql
        keys = [f"{key} {direction} nulls {nulls}"]
        rank = _rank(found)
        if rank:
            keys.insert(0, f"{rank} {direction}")
            keys.insert(0, f"{found.sql} is null {'asc' if order.are_nulls_last else 'desc'}")
        return keys


def _rank(found: Expression) -> str:
    """The place of a picklist's value in its list; values that are not in it come after."""
    if found.field is None or found.field.type != "picklist":
        return ""
    values = [folded(v["value"]) for v in found.field.describe["picklistValues"]]
    if not values:
        return ""
    whens = " ".join(
        "when '" + str(value).replace("'", "''") + f"' then {n}" for n, value in enumerate(values)
    )
    return f"case folded({found.sql}) {whens} else {len(values)} end"
