"""The kinds of finding that `crm-sync check` has: what each means, and how it is mended. One table.

`finding.py` takes no kind that is not one of `Kind`, so the type checker finds one without an entry
here. `docs/errors.md` is made of this table. The sentence and the mend of a finding say it of one
file and line; they stand where it is found. Imports nothing of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["KINDS", "Kind", "Meaning", "Severity"]

Severity = Literal["error", "warning", "information"]
"""error: a sync stops, every row of the mapping is refused, or somebody reads what he must not.
warning: some rows will be refused, or arrive other than meant. information: worth knowing, or
something that could not be checked."""

Kind = Literal[
    "address-picklist", "api-version", "assignment-rule", "circle", "create-only", "currency",
    "damaged-describe", "data-storage", "duplicate-rule", "external-id", "file-name",
    "hidden-field", "hidden-object", "inactive-owner", "join-without-key", "mapped-after-all",
    "missing-key",
    "never-empty", "no-expression", "no-reference", "no-right", "no-table", "not-searchable",
    "not-writable", "numeric-digits", "numeric-scale", "object-not-writable", "offline",
    "on-delete-field", "other-records", "parent-key-type", "parent-never-found",
    "parent-not-enabled", "person-account", "power-bi", "reference", "required-field",
    "row-fails", "row-level-security", "row-written-twice", "rows-invalid",
    "source-value-unlisted", "sql-refused", "text-as-other", "text-too-long", "time-dependent",
    "time-zone-undecided", "triggers", "two-heirs", "two-writers", "undeclared-rename",
    "unknown-column", "unknown-field", "unknown-key", "unknown-mapping", "unknown-object",
    "unknown-table", "unknown-time-zone", "unlisted-value", "unread-column", "value-never-read",
    "value-unmapped", "volatile", "wrong-key", "wrong-parent", "wrong-value", "yaml",
]  # fmt: skip
"""The name by which programs know a finding (`kind` of `--json`)."""

Subject = Literal["files", "source", "sql", "values", "fields", "org", "database", "unchecked"]


@dataclass(frozen=True)
class Meaning:
    """Of a kind: what it is about, how bad it can be, what it means, and how it is mended."""

    about: Subject
    severity: tuple[Severity, ...]
    means: str
    mend: str


_ERROR: tuple[Severity, ...] = ("error",)
_WARNING: tuple[Severity, ...] = ("warning",)

KINDS: dict[Kind, Meaning] = {
    "yaml": Meaning(
        "files", _ERROR,
        "The file is not YAML, cannot be read, or is not a set of keys.",
        "Correct it at the line that is named.",
    ),
    "file-name": Meaning(
        "files", _ERROR,
        "The file ends in `.yml`, or its name cannot be a mapping's.",
        "Rename it: small letters, digits and `_`, ending in `.yaml`.",
    ),
    "unknown-key": Meaning(
        "files", _ERROR,
        "A key that no mapping has; often a typing error.",
        "Take the key that is suggested, or take this one out.",
    ),
    "missing-key": Meaning(
        "files", _ERROR, "A key that every mapping needs is not there.", "Add it."
    ),
    "wrong-key": Meaning(
        "files", _ERROR,
        "A key that may not stand there: a field that is written twice, a key that cannot be "
        "shared, a key column that is called sensitive.",
        "Take one of the two out, or move it where the sentence says.",
    ),
    "wrong-value": Meaning(
        "files", _ERROR,
        "What stands behind a key is not of the form that the key takes.",
        "Write it as the sentence says.",
    ),
    "two-writers": Meaning(
        "files", _ERROR,
        "Two mappings write records of one object under the same external ID prefix.",
        "Give each its own `prefix`.",
    ),
    "row-written-twice": Meaning(
        "files", _WARNING,
        "Two mappings make a record of one object each of the same rows, under keys that "
        "differ: every row becomes two records.",
        "Let their `where` exclude each other, or remove one.",
    ),
    "two-heirs": Meaning(
        "files", _ERROR,
        "A mapping's former name belongs to another mapping, too.",
        "Take one of the two out.",
    ),
    "other-records": Meaning(
        "files", _ERROR,
        "Object, external ID, prefix, table or key of a mapping changed while records exist "
        "under the old one, which a sync would leave behind.",
        "Put it back, or follow what the sentence says.",
    ),
    "unknown-mapping": Meaning(
        "files", _ERROR,
        "A lookup names a mapping that does not exist.",
        "Correct the name, or add that mapping.",
    ),
    "parent-not-enabled": Meaning(
        "files", _WARNING,
        "A lookup names a mapping that says `enabled: false`: rows whose parent has no record"
        " yet wait for ever. Or `converted` names one that is not enabled.",
        "Enable that mapping, or take the line out.",
    ),
    "circle": Meaning(
        "files", _ERROR,
        "Lookups form a circle, and no record can be created before its own parent.",
        "Take one of these lookups out.",
    ),
    "unknown-table": Meaning(
        "source", _ERROR,
        "The database has no such table in schema public.",
        "Correct the name, or apply the schema: `crm-sync db apply`.",
    ),
    "no-table": Meaning(
        "source", _ERROR,
        "The source is a view or a foreign table, whose changes nobody notes.",
        "Name the table beneath it.",
    ),
    "unknown-column": Meaning(
        "source", ("error", "warning"),
        "The table has no such column; a warning where only `not_mapped` names it.",
        "Correct the name.",
    ),
    "join-without-key": Meaning(
        "source", _ERROR,
        "A join needs exactly one foreign key to the table that it names.",
        "Name another table, or add the foreign key.",
    ),
    "parent-key-type": Meaning(
        "source", ("error", "warning"),
        "A lookup reads a column whose type the parent's key never has: no parent would be "
        "found. A warning where a text may hold such keys.",
        "Name the column that holds the parent's key.",
    ),
    "unread-column": Meaning(
        "source", ("information",),
        "Columns of a mapped table that no mapping reads and no `not_mapped` explains.",
        "Map them, or say under `not_mapped` why not.",
    ),
    "undeclared-rename": Meaning(
        "source", _WARNING,
        "A mapping writes the records of another name that no file has any more: its history and "
        "status stay with the old name.",
        "If it was renamed, let it say `formerly` with the old name.",
    ),
    "mapped-after-all": Meaning(
        "source", _WARNING,
        "`not_mapped` says why a column is not sent, and the mapping sends it. Its page leaves the "
        "words out.",
        "Take it out of `not_mapped`.",
    ),
    "no-expression": Meaning(
        "sql", _ERROR,
        "The SQL is not one plain expression.",
        "Give one expression over the row and its joins, without a subquery.",
    ),
    "sql-refused": Meaning(
        "sql", _ERROR,
        "PostgreSQL does not take the SQL.",
        "Correct it; PostgreSQL's words are part of the sentence.",
    ),
    "volatile": Meaning(
        "sql", _ERROR,
        "The SQL gives another value each time it is asked, so its row would never be at rest.",
        "Use a column that holds the value.",
    ),
    "time-dependent": Meaning(
        "sql", _ERROR,
        "The value may change while its row does not, since it depends on the clock, the session "
        "or other rows.",
        "Say `time_dependent: true` beside the SQL.",
    ),
    "row-fails": Meaning(
        "sql", _ERROR,
        "The SQL is in order and fails for a row, which is named by its key.",
        "Correct that row, or let the SQL allow for it.",
    ),
    "unknown-time-zone": Meaning(
        "sql", _ERROR,
        "PostgreSQL knows no time zone by the name in `time_zone`. A POSIX specification such as "
        "`UTC+2`, which it would take as two hours *west*, is no name.",
        "Name one like `Europe/Berlin`.",
    ),
    "text-too-long": Meaning(
        "values", ("warning", "error"),
        "A column holds longer texts than its field takes, by its type or a CHECK; an error where "
        "it is a constant.",
        "Say `too_long: truncate`, or make the column shorter.",
    ),
    "parent-never-found": Meaning(
        "values", ("warning", "error"),
        "Rows name a parent by a key that no row has; an error where every row waits so.",
        "Correct the column, or the rows.",
    ),
    "rows-invalid": Meaning(
        "values", ("warning", "error"),
        "Rows break a rule, as a dry run would tell of each: it would not send them. They are"
        " counted; an error where every row does.",
        "Correct the rows that a dry run names, or the mapping.",
    ),
    "text-as-other": Meaning(
        "values", _WARNING,
        "A text goes to a field for numbers, dates or a checkbox; one that is none ends the run.",
        "Give SQL that makes a number or a date of it.",
    ),
    "numeric-scale": Meaning(
        "values", _WARNING,
        "A number has more decimals than its field.",
        "Round it in the mapping's SQL.",
    ),
    "numeric-digits": Meaning(
        "values", _WARNING,
        "A number can have more digits than its field.",
        "Make the column smaller, or send another unit.",
    ),
    "time-zone-undecided": Meaning(
        "values", _WARNING,
        "A moment becomes a day, or a day a moment, and the mapping does not say in which zone.",
        "Write `time_zone` into the mapping, even where it is `UTC`.",
    ),
    "value-unmapped": Meaning(
        "values", ("warning", "error"),
        "A value of an enum or of a CHECK that `values` does not list: such rows are invalid; "
        "an error where a constant is the value.",
        "Add it to `values`, or say `otherwise`.",
    ),
    "value-never-read": Meaning(
        "values", _WARNING,
        "`values` lists a text that no row can have.",
        "Correct it, or take it out.",
    ),
    "source-value-unlisted": Meaning(
        "values", _WARNING,
        "A value of an enum or of a CHECK that the org's picklist does not list.",
        "Map it with `values`, or add it in Salesforce.",
    ),
    "unlisted-value": Meaning(
        "values", ("warning", "error"),
        "A value that the file writes and the org's picklist does not list; an error "
        "where a restricted picklist refuses a constant.",
        "Use a value of the org, or add it there.",
    ),
    "unknown-object": Meaning(
        "fields", _ERROR,
        "The org has no such object, or our user may not see it.",
        "Correct the name, or create the object.",
    ),
    "hidden-object": Meaning(
        "fields", _ERROR,
        "The object is there, and our user may not see it.",
        "Give the integration user a licence and permission for it.",
    ),
    "unknown-field": Meaning(
        "fields", _ERROR,
        "The object has no such field, or our user may not see it.",
        "Correct the name, or create the field.",
    ),
    "hidden-field": Meaning(
        "fields", _ERROR,
        "The field is there, and our user may not see it.",
        "Let a permission set grant read and edit access to it.",
    ),
    "object-not-writable": Meaning(
        "fields", _ERROR,
        "Our user may not create, update or (with `on_delete: delete`) delete records of the "
        "object.",
        "Let a permission set grant it.",
    ),
    "not-writable": Meaning(
        "fields", _ERROR,
        "Our user may not write the field, or nobody does: it is read-only, or a formula.",
        "Let a permission set grant edit access, or take the field out of the mapping.",
    ),
    "create-only": Meaning(
        "fields", _ERROR,
        "The field can be written when a record is created, and not later.",
        "Say `write: on_create`.",
    ),
    "external-id": Meaning(
        "fields", _ERROR,
        "The external ID field is missing, not unique, no External ID, too short, or not "
        "writable.",
        "Make it Text(64), External ID, Unique (case-sensitive), and grant it in a permission set.",
    ),
    "required-field": Meaning(
        "fields", _ERROR,
        "The mapping leaves out a field without which Salesforce refuses every new record.",
        "Add it to `fields`.",
    ),
    "no-reference": Meaning(
        "fields", _ERROR,
        "A lookup fills a field that refers to no record.",
        "Put it under `fields`.",
    ),
    "wrong-parent": Meaning(
        "fields", _ERROR,
        "A lookup names records of an object that its field cannot hold.",
        "Name a mapping or an object of that kind.",
    ),
    "on-delete-field": Meaning(
        "fields", _ERROR,
        "`on_delete: set` names a field that the mapping does not write, or writes on create only.",
        "Name a field that updates write.",
    ),
    "not-searchable": Meaning(
        "fields", _ERROR,
        "A lookup finds its record by a field that Salesforce cannot search for a text.",
        "Name a field with a short text, such as Email, Name or DeveloperName.",
    ),
    "never-empty": Meaning(
        "fields", _ERROR,
        "A lookup says `otherwise: blank`, and its field cannot be empty.",
        "Say `otherwise: default`, or `otherwise: error`.",
    ),
    "assignment-rule": Meaning(
        "org", _WARNING,
        "The mapping names an `assignment_rule`, and the object has none: Salesforce has them"
        " for Account, Case and Lead.",
        "Take it out.",
    ),
    "api-version": Meaning(
        "org", _ERROR,
        "The target's `api_version` does not know what `duplicate_rule: allow` asks for.",
        "Raise `api_version`, or take `duplicate_rule` out.",
    ),
    "address-picklist": Meaning(
        "org", _WARNING,
        "State and country picklists are on: texts that they do not list are refused, and so is a "
        "state without its country.",
        "Send ISO codes to the fields that end in `Code`, or map the texts with `values`.",
    ),
    "currency": Meaning(
        "org", _WARNING,
        "The org has several currencies, and nothing says which one an amount is in.",
        "Map `CurrencyIsoCode`.",
    ),
    "person-account": Meaning(
        "org", ("error", "warning", "information"),
        "Accounts get, or may get, a record type of persons, whose Name nobody writes; "
        "information without an org.",
        "Map FirstName and LastName, or give the record type of business accounts.",
    ),
    "duplicate-rule": Meaning(
        "org", ("warning", "information"),
        "Active duplicate rules may refuse rows; information where our user may not see the rules.",
        "Leave the integration user out of the rule's conditions, or say `duplicate_rule: allow` "
        "where it only warns.",
    ),
    "inactive-owner": Meaning(
        "org", ("error", "warning", "information"),
        "A lookup's value names an inactive user or record type; an error where it is the target's "
        "`default_owner`, information where the lookup says `otherwise`.",
        "Activate it, or name another.",
    ),
    "reference": Meaning(
        "org", ("error", "warning", "information"),
        "A lookup's value names no record, or several; information where the lookup says "
        "`otherwise`, an error where one constant is meant for every row.",
        "Correct the values, or add the record in Salesforce.",
    ),
    "data-storage": Meaning(
        "org", ("warning", "information"),
        "More records are to be created than the org has room for; information where nobody tells "
        "what is left.",
        "Make room in Salesforce, or sync fewer rows.",
    ),
    "no-right": Meaning(
        "database", _ERROR,
        "Our role may not read a table.",
        "Sign in as the role crm_sync, or grant select.",
    ),
    "row-level-security": Meaning(
        "database", ("error", "warning"),
        "Row level security may hide rows from our role, which would look deleted; or a mapped "
        "table has none, and every caller of the API may read it.",
        "Sign in as crm_sync; the policies stand in schema.sql.",
    ),
    "triggers": Meaning(
        "database", _WARNING,
        "Nobody notes the changes of a mapped table, so each sync compares every row of it; "
        "or another trigger of the table is disabled, or missing.",
        "`crm-sync db apply` makes the triggers of our own tables; for others see schema.sql.",
    ),
    "power-bi": Meaning(
        "database", ("error", "warning", "information"),
        "The role powerbi_reader, or the schema that it reads, may do too much or too little.",
        "Run the statement that the finding gives.",
    ),
    "damaged-describe": Meaning(
        "unchecked", _ERROR,
        "A saved describe is damaged, or is none.",
        "Save it anew: `crm-sync describe --save`.",
    ),
    "offline": Meaning(
        "unchecked", ("information",),
        "What was left out without an org, or without a database.",
        "Leave out `--offline`, or name a database.",
    ),
}  # fmt: skip
"""Every kind, in the order in which a person mends things: files first."""
