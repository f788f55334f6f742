"""Functions of a value: date functions (D, Date Functions), toLabel and what changes nothing here.

On a datetime they count in UTC; ``convertTimezone`` makes it the user's time zone (D).
"""

from dataclasses import replace

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.soql.context import QueryContext
from crm_sync.localorg.soql.refusals import error_at
from crm_sync.localorg.soql.scope import Expression, Scope
from crm_sync.localorg.soql.tree import Call, Path, Value

AGGREGATES = ("count", "count_distinct", "sum", "avg", "min", "max", "grouping")

_DAY_OF_YEAR = "cast(strftime('%j', {day}) as integer)"
_MONTH = "cast(substr({value}, 6, 2) as integer)"
_DATE_PARTS = {
    "calendar_year": "cast(substr({value}, 1, 4) as integer)",
    "calendar_quarter": f"({_MONTH} + 2) / 3",
    "calendar_month": _MONTH,
    "day_in_month": "cast(substr({value}, 9, 2) as integer)",
    "day_in_week": "cast(strftime('%w', {day}) as integer) + 1",
    "day_in_year": _DAY_OF_YEAR,
    # A fiscal year bears the number of the calendar year it ends in, the default of a new org (D).
    "fiscal_year": "cast(strftime('%Y', {day}, 'start of month', '{shift} months') as integer)",
    "fiscal_quarter": "(cast(strftime('%m', {day}, 'start of month', '{shift} months') as integer)"
    " + 2) / 3",
    "fiscal_month": "cast(strftime('%m', {day}, 'start of month', '{shift} months') as integer)",
    "hour_in_day": "cast(substr({value}, 12, 2) as integer)",
    "week_in_month": "(cast(substr({value}, 9, 2) as integer) + 6) / 7",
    "week_in_year": f"({_DAY_OF_YEAR} + 6) / 7",
}
_CONVERSIONS = ("tolabel", "convertcurrency", "converttimezone")


def is_aggregate(value: Value) -> bool:
    return isinstance(value, Call) and value.function in AGGREGATES


def evaluate(scope: Scope, value: Value) -> Expression:
    """A field, or a function of one that is not an aggregate."""
    if isinstance(value, Path):
        return scope.find(value)
    argument = value.argument
    if argument is None or is_aggregate(value):
        raise _unexpected(scope, value)
    inner = evaluate(scope, argument)
    if value.function in _CONVERSIONS:
        return _converted(scope, value, inner)
    if inner.kind not in ("date", "datetime"):
        raise _unexpected(scope, value)
    if value.function == "day_only":
        return replace(inner, sql=f"substr({inner.sql}, 1, 10)", kind="date", field=None)
    template = _DATE_PARTS.get(value.function)
    if template is None or (value.function == "hour_in_day" and inner.kind == "date"):
        raise _unexpected(scope, value)
    sql = template.format(
        value=inner.sql, day=f"substr({inner.sql}, 1, 10)", shift=_shift(scope.context)
    )
    return replace(inner, sql=sql, kind="int", field=None)


def _shift(context: QueryContext) -> str:
    """Months from the fiscal calendar to one whose year begins in January."""
    return f"{(13 - context.calendar.fiscal_month) % 12:+d}"


def _converted(scope: Scope, value: Call, inner: Expression) -> Expression:
    if value.function == "converttimezone":
        if inner.kind != "datetime":
            raise _unexpected(scope, value)
        zone = scope.context.zone.replace("'", "''")
        return replace(inner, sql=f"local_time({inner.sql}, '{zone}')", field=None)
    if value.function == "convertcurrency" and inner.kind != "currency":
        raise _unexpected(scope, value)
    if value.function == "tolabel":
        return replace(inner, sql=_label(inner), field=None)
    return inner


def _label(inner: Expression) -> str:
    """The label of a picklist's value; a value that is not in the list shows itself."""
    values = inner.field.describe["picklistValues"] if inner.field else []
    whens = " ".join(
        f"when {_text(v['value'])} then {_text(v['label'])}"
        for v in values
        if v["value"] != v["label"]
    )
    return f"case {inner.sql} {whens} else {inner.sql} end" if whens else inner.sql


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _unexpected(scope: Scope, value: Call) -> ApiError:
    shown = scope.text[value.position : value.position + len(value.function)]
    return error_at(scope.text, value.position, "MALFORMED_QUERY", f"unexpected token: '{shown}'")
