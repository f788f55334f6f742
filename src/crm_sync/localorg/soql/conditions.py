"""WHERE and HAVING: from a tree of conditions to SQL with its parameters.

Null is equal to null and unequal to every value; it is neither less nor greater than one. A
condition is true or false, never unknown, so NOT of one that null fails is true.
"""

import json
from collections.abc import Callable
from typing import Any, Protocol

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.functions import folded
from crm_sync.localorg.soql import literals, refusals
from crm_sync.localorg.soql.refusals import error_at
from crm_sync.localorg.soql.scope import Expression, Scope
from crm_sync.localorg.soql.tree import Comparison, Condition, Join, Literal, Logical, Value

_FEW = 8
"""A longer list goes in as one parameter, so that SQLite need not compile it."""
_MOST_JOINS = 2
_EQUAL = ("=", "!=", "in", "not in")


class SubSelect(Protocol):
    """Compiles the query of a semi-join: SQL and parameters."""

    def __call__(self, join: Join, outer: Expression) -> tuple[str, list[Any]]: ...


class Conditions:
    """Translates conditions of one SELECT; ``parameters`` are in the order of the SQL."""

    def __init__(
        self, scope: Scope, evaluate: Callable[[Value], Expression], sub_select: SubSelect | None
    ) -> None:
        self.parameters: list[Any] = []
        self._scope = scope
        self._evaluate = evaluate
        self._sub_select = sub_select

    def compile(self, condition: Condition) -> str:
        self._check_joins(condition)
        return self._compile(condition)

    def _compile(self, condition: Condition) -> str:
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        if isinstance(condition, Join):
            return self._join(condition)
        if condition.operator == "not":
            inner = self._compile(_parts(condition)[0])
            # Each NOT turns around what is inside: an even number of them leaves it as it is.
            return f"({inner}) is not true" if _nots(condition) % 2 else inner
        nested: list[str] = []
        plain: list[str] = []
        behind: list[Any] = []
        for part in _parts(condition):
            start = len(self.parameters)
            if isinstance(part, Logical):
                nested.append(self._compile(part))
                continue
            plain.append(self._compile(part))
            behind += self.parameters[start:]
            del self.parameters[start:]
        # What is nested stands first: of a parenthesis that begins an expression, SQLite's parser
        # has to remember least.
        self.parameters += behind
        return _balanced(condition.operator, nested + plain)

    # Comparisons -----------------------------------------------------------------------------

    def _comparison(self, comparison: Comparison) -> str:
        value, operator = comparison.value, comparison.operator
        found = self._filterable(value)
        if operator == "like":
            return self._like(value, found, comparison.literals[0])
        if operator in ("includes", "excludes"):
            return self._includes(value, found, comparison)
        if found.kind == "boolean" and operator not in _EQUAL:
            raise self._invalid_operator(value, found)
        if operator in ("in", "not in"):
            return self._in(value, found, comparison.literals, negated=operator == "not in")
        literal = comparison.literals[0]
        if literal.kind == "literal":
            return self._in_range(operator, value, found, literal)
        stored = literals.stored(self._scope, value, found, literal)
        if stored is None:
            return self._null(operator, value, found)
        if operator in ("=", "!="):
            equal = self._equal(found, stored)
            return equal if operator == "=" else f"{found.sql} is null or not ({equal})"
        if found.folds:
            self.parameters.append(folded(stored))
            return f"folded({found.sql}) {operator} ?"
        self.parameters.append(stored)
        return f"{found.sql} {operator} ?"

    def _equal(self, found: Expression, stored: Any) -> str:
        if not found.folds:
            self.parameters.append(stored)
            return f"{found.sql} = ?"
        if stored.isascii():
            # The same as below, and the indexes serve.
            self.parameters.append(stored)
            return f"{found.sql} collate nocase = ?"
        self.parameters.append(folded(stored))
        return f"folded({found.sql}) = ?"

    def _null(self, operator: str, value: Value, found: Expression) -> str:
        if operator == "=":
            return f"{found.sql} is null"
        if operator == "!=":
            return f"{found.sql} is not null"
        raise self._invalid_operator(value, found)

    def _in_range(self, operator: str, value: Value, found: Expression, literal: Literal) -> str:
        first, after = literals.range_of(self._scope, value, found, literal)
        sql = found.sql
        if operator in ("<", ">="):
            self.parameters.append(first)
            return f"{sql} {operator} ?"
        if operator in ("<=", ">"):
            self.parameters.append(after)
            return f"{sql} {'<' if operator == '<=' else '>='} ?"
        self.parameters += [first, after]
        if operator == "=":
            return f"{sql} >= ? and {sql} < ?"
        return f"{sql} is null or {sql} < ? or {sql} >= ?"

    def _like(self, value: Value, found: Expression, literal: Literal) -> str:
        is_text = found.folds or (found.field is not None and found.field.is_text)
        if not is_text:
            raise self._invalid_operator(value, found)
        pattern = literals.pattern(self._scope, value, found, literal)
        if pattern.isascii():
            self.parameters.append(pattern)
            return f"{found.sql} like ? escape '\\'"
        self.parameters.append(folded(pattern))
        return f"folded({found.sql}) like ? escape '\\'"

    def _in(
        self, value: Value, found: Expression, given: tuple[Literal, ...], *, negated: bool
    ) -> str:
        parts: list[str] = []
        plain = [literal for literal in given if literal.kind != "literal"]
        stored = [literals.stored(self._scope, value, found, literal) for literal in plain]
        listed = [v for v in stored if v is not None]
        has_null = len(listed) < len(stored)
        ranges = {literal.value: literal for literal in given if literal.kind == "literal"}
        parts += [f"({self._in_range('=', value, found, v)})" for v in ranges.values()]
        parts += self._listed(found, listed)
        matched = _balanced("or", parts) if parts else "0"
        if negated:
            also = f"{found.sql} is not null and" if has_null else f"{found.sql} is null or"
            return f"{also} not ({matched})"
        return f"{found.sql} is null or {matched}" if has_null else matched

    def _listed(self, found: Expression, listed: list[Any]) -> list[str]:
        if not found.folds:
            return [f"{found.sql} in {self._list(listed)}"] if listed else []
        ascii_ones = [v for v in listed if v.isascii()]
        others = [folded(v) for v in listed if not v.isascii()]
        parts: list[str] = []
        if ascii_ones:
            parts.append(f"{found.sql} collate nocase in {self._list(ascii_ones)}")
        if others:
            parts.append(f"folded({found.sql}) in {self._list(others)}")
        return parts

    def _list(self, listed: list[Any]) -> str:
        if len(listed) <= _FEW:
            self.parameters += listed
            return f"({', '.join('?' * len(listed))})"
        self.parameters.append(json.dumps(listed))
        return "(select value from json_each(?))"

    def _includes(self, value: Value, found: Expression, comparison: Comparison) -> str:
        """Multi-select picklists: any of the given sets is chosen as a whole (D)."""
        if found.kind != "multipicklist":
            raise self._invalid_operator(value, found)
        sets: list[str] = []
        for literal in comparison.literals:
            text = literals.stored(self._scope, value, found, literal) or ""
            chosen = [folded(part.strip()) for part in text.split(";")]
            self.parameters += [f";{part};" for part in chosen]
            inside = f"instr(';' || folded({found.sql}) || ';', ?) > 0"
            sets.append(_balanced("and", [inside] * len(chosen)))
        matched = _balanced("or", sets)
        if comparison.operator == "includes":
            return matched
        return f"{found.sql} is null or not ({matched})"

    def _filterable(self, value: Value) -> Expression:
        found = self._evaluate(value)
        if found.field is not None and not found.field.describe["filterable"]:
            raise refusals.cannot(self._scope.text, found.name, "filtered", value.position)
        return found

    def _invalid_operator(self, value: Value, found: Expression) -> ApiError:
        """Seen for LIKE on an Id (3); that other kinds are named likewise is U."""
        kind = "id" if found.kind in ("id", "reference") else found.kind
        return error_at(
            self._scope.text, value.position, "INVALID_FIELD", f"invalid operator on {kind} field"
        )

    # Semi-joins ------------------------------------------------------------------------------

    def _join(self, join: Join) -> str:
        outer = self._filterable(join.value)
        if self._sub_select is None:
            raise self._refuse(join, "Nesting of semi join sub-selects is not supported")
        sql, parameters = self._sub_select(join, outer)
        self.parameters += parameters
        if join.operator == "in":
            return f"{outer.sql} in ({sql})"
        return f"{outer.sql} is null or {outer.sql} not in ({sql})"

    def _check_joins(self, condition: Condition) -> None:
        """Where semi-joins may stand (D, Comparison Operators; the sentences 3)."""
        found = _joins(condition)
        for join, above in found:
            if "or" in above:
                message = "Semi join sub-selects are not allowed with the 'OR' operator"
                raise self._refuse(join, message)
            if "not" in above:
                message = (
                    "Semi join sub-selects are only allowed at the top level WHERE expressions and "
                    "not in nested WHERE expressions."
                )
                raise self._refuse(join, message)
        if len(found) > _MOST_JOINS:
            message = f"Maximum {_MOST_JOINS} semi join sub-selects are allowed"
            raise self._refuse(found[_MOST_JOINS][0], message)

    def _refuse(self, join: Join, message: str) -> ApiError:
        return error_at(self._scope.text, join.value.position, "MALFORMED_QUERY", message)


def _joins(condition: Condition) -> list[tuple[Join, frozenset[str]]]:
    """Every semi-join, in the order of the text, with the operators that it stands under."""
    found: list[tuple[Join, frozenset[str]]] = []
    waiting: list[tuple[Condition, frozenset[str]]] = [(condition, frozenset())]
    while waiting:
        part, above = waiting.pop()
        if isinstance(part, Join):
            found.append((part, above))
        elif isinstance(part, Logical):
            inside = above | {part.operator}
            waiting += [(inner, inside) for inner in reversed(part.parts)]
    return found


def _parts(condition: Logical) -> list[Condition]:
    """What the operator joins, also where parentheses or further NOTs stand between."""
    found: list[Condition] = []
    waiting: list[Condition] = [condition]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Logical) and part.operator == condition.operator:
            waiting += reversed(part.parts)
        else:
            found.append(part)
    return found


def _nots(condition: Condition) -> int:
    """How many NOTs stand before what they negate."""
    count = 0
    while isinstance(condition, Logical) and condition.operator == "not":
        condition, count = condition.parts[0], count + 1
    return count


def _balanced(operator: str, parts: list[str]) -> str:
    """The parts with the operator between them, halves within halves: SQLite takes an expression
    as deep as its longest branch, at most 1,000, and clients ask for thousands of conditions."""
    while len(parts) > 1:
        pairs = (parts[n : n + 2] for n in range(0, len(parts), 2))
        parts = [f" {operator} ".join(f"({part})" for part in pair) for pair in pairs]
    return parts[0]
