"""A small practice whose figures are known by hand.

It holds the traps in which money doubles: several projects, leads and activities per account,
projects in every status, and rows without a value.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from tests.integration.database.rows import add

Row = dict[str, Any]


class Practice:
    """Three clients and six leads, in one transaction, so that `now` stands still."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        found = connection.execute("select now() at time zone 'UTC'").fetchone()
        assert found is not None
        self.now: datetime = found[0]
        self.today: date = self.now.date()
        connection.execute("alter table public.leads disable trigger lead_status_history")
        self._clients()
        self._leads()
        self._activities()

    def ago(self, days: float) -> datetime:
        """A moment so many days ago; before now where negative."""
        return self.now - timedelta(days=days)

    def day(self, days: int) -> date:
        """The date so many days ago."""
        return self.today - timedelta(days=days)

    def _clients(self) -> None:
        self.alpha = self.account("Alpha", 500)
        self.beta = self.account("Beta", 400)
        self.gamma = self.account("Gamma", 200)
        self.delta = self.account("Delta", 300, account_status="dormant")
        self.project(self.alpha, "A active", "active", 1000, self.day(40), self.day(-10))
        self.late = self.project(self.alpha, "A late", "active", 500, self.day(60), self.day(5))
        self.project(self.alpha, "A done", "completed", 2000, self.day(300), self.day(200))
        self.project(self.alpha, "A offer", "proposed", 9000, None, None)
        self.project(self.alpha, "A off", "cancelled", 4000, self.day(90), self.day(80))
        self.project(self.beta, "B held", "on_hold", 1500, self.day(100), self.day(50))
        self.project(self.beta, "B open", "active", None, self.day(20), None)

    def _leads(self) -> None:
        self.lead("One", "new", 100, "Web")
        self.lead("Two", "contacted", 200, "Web")
        self.lead("Three", "qualified", None, None)
        self.converted = self.lead("Alpha", "won", 400, "Referral", converted_account_id=self.alpha)
        self.lead("Five", "won", 50, " ")
        self.lead("Six", "lost", 1000, "Web")
        for old, new, days in (
            (None, "new", 30),
            ("new", "contacted", 28),
            ("contacted", "new", 27),
            ("new", "qualified", 24),
            ("qualified", "won", 14.5),
        ):
            self.connection.execute(
                "insert into public.lead_status_changes (lead_id, old_status, new_status,"
                " changed_at) values (%s, %s, %s, %s)",
                (self.converted, old, new, self.ago(days)),
            )

    def _activities(self) -> None:
        alpha = {"account_id": self.alpha}
        self.activity("call", 10, **alpha)
        self.activity("call", 12, **alpha, duration_minutes=15)
        self.activity("meeting", 3, project_id=self.late, duration_minutes=90)
        self.activity("work", 2, project_id=self.late, duration_minutes=210)
        self.activity("email", 1, lead_id=self.converted)
        # None of these four is contact: a note, what is to come, and two things to do.
        self.activity("note", 0.5, **alpha)
        self.activity("meeting", -4, **alpha, duration_minutes=60)
        self.activity("call", 0.5, **alpha, due_date=self.day(2))
        self.activity("call", 0.5, **alpha, due_date=self.day(-2))
        self.activity("call", 40, account_id=self.beta, due_date=self.day(41), completed=True)

    def account(self, name: str, days: float, **more: Any) -> UUID:
        return add(
            self.connection, "accounts", company_name=name, created_at=self.ago(days), **more
        )

    def lead(
        self, name: str, status: str, money: int | None, source: str | None, **more: Any
    ) -> UUID:
        return add(
            self.connection,
            "leads",
            company_name=name,
            lead_status=status,
            estimated_value=money,
            lead_source=source,
            created_at=self.ago(30),
            **more,
        )

    def project(
        self,
        account: UUID,
        name: str,
        status: str,
        money: int | None,
        start: date | None,
        end: date | None,
    ) -> UUID:
        return add(
            self.connection,
            "projects",
            account_id=account,
            project_name=name,
            project_status=status,
            contract_value=money,
            start_date=start,
            end_date=end,
            created_at=self.ago(310),
        )

    def activity(self, kind: str, days: float, **more: Any) -> UUID:
        return add(
            self.connection, "activities", activity_type=kind, occurred_at=self.ago(days), **more
        )

    def rows(self, query: str) -> list[Row]:
        """What a query returns, as dictionaries."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode()).fetchall()

    def by(self, column: str, view: str) -> dict[Any, Row]:
        """A view's rows by the value of a column, which must be unique."""
        found = self.rows(f"select * from analytics.{view}")
        keyed = {row[column]: row for row in found}
        assert len(keyed) == len(found)
        return keyed
