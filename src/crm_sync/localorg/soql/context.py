"""Who asks, and when: what the meaning of a query depends on besides its text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from crm_sync.localorg.records.store import Store
from crm_sync.localorg.soql.dateliterals import Calendar

MayRead = Callable[[str, str], bool]
"""(object, field) → may the user read it; who may not read the Id does not see the object."""

_SUNDAY_LOCALES = ("en_US", "en_CA", "ja", "pt_BR", "zh_TW", "ko", "he", "hi")
"""Locales whose week begins on Sunday, by the beginning of their name; the others' on Monday."""


def everything(_object_name: str, _field_name: str) -> bool:
    """Every object and field may be read."""
    return True


@dataclass(frozen=True)
class QueryContext:
    """The user, the calendar, and what the user may see."""

    user_id: str = ""
    zone: str = "UTC"
    calendar: Calendar = field(default_factory=lambda: Calendar(datetime.now(UTC), UTC))
    may_read: MayRead = everything


def context_of(
    store: Store, user_id: str, now: datetime, may_read: MayRead = everything
) -> QueryContext:
    """The context of a user of the org: time zone and locale are the user's, the fiscal year the
    org's."""
    found = store.rows(
        'select u."TimeZoneSidKey", u."LocaleSidKey", o."FiscalYearStartMonth" '
        'from "Organization" o left join "User" u on u."Id" = ?',
        [user_id],
    )
    zone, locale, fiscal_month = found[0] if found else (None, None, None)
    return QueryContext(
        user_id=user_id,
        zone=zone or "GMT",
        calendar=Calendar(
            now=now,
            zone=ZoneInfo(zone or "GMT"),
            weeks_begin_on_sunday=(locale or "en_US").startswith(_SUNDAY_LOCALES),
            fiscal_month=fiscal_month or 1,
        ),
        may_read=may_read,
    )
