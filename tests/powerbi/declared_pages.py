"""What each page of the report shows: its visuals with fields, in tab order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shows:
    """A visual: its kind and title, `Role: Table.Field` in order, what it is sorted by, filters."""

    kind: str
    title: str | None
    fields: tuple[str, ...]
    sort: str = ""
    filters: tuple[str, ...] = ()


LINES = "lineClusteredColumnComboChart"
REVENUE, BY_REVENUE = "Project.Total Contracted Revenue", "Project.Total Contracted Revenue down"
WITH_CLIENT = ("Account.Account not in (None,)",)
CLIENT = Shows("slicer", "Client", ("Values: Account.Account",), "Account.Account up", WITH_CLIENT)


def card(title: str, *fields: str) -> Shows:
    return Shows("cardVisual", title, tuple(f"Data: {field}" for field in fields))


def table(title: str, sort: str, *fields: str, filters: tuple[str, ...] = ()) -> Shows:
    return Shows("tableEx", title, tuple(f"Values: {field}" for field in fields), sort, filters)


def chart(
    kind: str,
    title: str,
    category: str,
    y: str,
    sort: str = "",
    *more: str,
    filters: tuple[str, ...] = (),
) -> Shows:
    """Sorted by its category, unless said; `more` are roles with their fields."""
    fields = (f"Category: {category}", f"Y: {y}", *more)
    return Shows(kind, title, fields, sort or f"{category} up", filters)


PAGES: dict[str, tuple[Shows, ...]] = {
    "Executive Overview": (
        CLIENT,
        card("Total Estimated Pipeline Value", "Lead.Total Estimated Pipeline Value"),
        card("Total Contracted Revenue", REVENUE),
        card("Active Projects", "Project.Active Projects"),
        chart("clusteredColumnChart", "Leads by status", "Lead Status.Lead Status", "Lead.Leads"),
        chart(
            "clusteredBarChart",
            "Contracted revenue by client",
            "Account.Account",
            REVENUE,
            BY_REVENUE,
        ),
        table(
            "Projects",
            "Project.Contract Value down",
            "Account.Account",
            "Project.Project",
            "Project Status.Project Status",
            "Project.Contract Value",
        ),
    ),
    "Pipeline Analysis": (
        CLIENT,
        card(
            "The pipeline today",
            "Lead.Open Leads",
            "Lead.Total Estimated Pipeline Value",
            "Lead.Average Open Lead Age",
            "Lead.Win Rate",
        ),
        card(
            "Conversion from status to status",
            "Lead.New to Contacted Rate",
            "Lead.Contacted to Qualified Rate",
            "Lead.Qualified to Won Rate",
        ),
        chart("clusteredColumnChart", "Leads by status", "Lead Status.Lead Status", "Lead.Leads"),
        chart(
            "clusteredColumnChart",
            "Estimated value by status",
            "Lead Status.Lead Status",
            "Lead.Estimated Lead Value",
        ),
        chart(
            "clusteredBarChart",
            "Leads by source",
            "Lead Source.Lead Source",
            "Lead.Leads",
            "Lead.Leads down",
        ),
        chart(
            "clusteredBarChart",
            "Estimated value by source",
            "Lead Source.Lead Source",
            "Lead.Estimated Lead Value",
            "Lead.Estimated Lead Value down",
        ),
        chart("funnel", "How far leads came", "Lead Status.Lead Status", "Lead.Leads Reached"),
        chart("clusteredColumnChart", "Open leads by age", "Lead.Age Band", "Lead.Open Leads"),
        table(
            "Largest open leads",
            "Lead.Total Estimated Pipeline Value down",
            "Lead.Lead",
            "Lead Source.Lead Source",
            "Lead Status.Lead Status",
            "Lead.Age Days",
            "Lead.Total Estimated Pipeline Value",
        ),
    ),
    "Revenue Overview": (
        CLIENT,
        card(
            "Revenue",
            REVENUE,
            "Project.Revenue Share of Top 3 Clients",
            "Project.Active Value",
            "Project.On Hold Value",
        ),
        chart(
            LINES,
            "Contracted revenue by start month, and cumulative",
            "Date.Month",
            REVENUE,
            "",
            "Y2: Project.Cumulative Contracted Revenue",
        ),
        chart(
            "clusteredBarChart",
            "Contracted revenue by client",
            "Account.Account",
            REVENUE,
            BY_REVENUE,
        ),
        chart(
            LINES,
            "Pareto: how few clients bring how much",
            "Account.Account",
            REVENUE,
            BY_REVENUE,
            "Y2: Project.Cumulative Revenue Share",
        ),
        chart(
            "clusteredBarChart",
            "Contracted revenue by project",
            "Project.Project",
            REVENUE,
            BY_REVENUE,
        ),
    ),
    "Active Projects": (
        CLIENT,
        card(
            "Projects in progress and on hold",
            "Project.Active Projects",
            "Project.Active Value",
            "Project.Overdue Projects",
            "Project.Average Days Left",
            "Project.On Hold Projects",
            "Project.On Hold Value",
        ),
        chart(
            "clusteredColumnChart",
            "Projects in progress per month",
            "Date.Month",
            "Workload.Projects in Progress",
        ),
        chart(
            "columnChart",
            "Projects per month by status",
            "Date.Month",
            "Workload.Projects by Status",
            "",
            "Series: Project Status.Project Status",
        ),
        chart(
            "lineChart",
            "Value in progress per month",
            "Date.Month",
            "Workload.Value in Progress by Month",
        ),
        table(
            "Active projects and those on hold",
            "Project.End Date up",
            "Account.Account",
            "Project.Project",
            "Project Status.Project Status",
            "Project.Start Date",
            "Project.End Date",
            "Project.Deadline",
            "Project.Last Contact On",
            "Project.Contract Value",
            filters=("Project Status.Project Status in ('Active', 'On hold')",),
        ),
    ),
    "Client Detail": (
        table(
            "Client",
            "Account.Account up",
            "Account.Account",
            "Account.Industry",
            "Account.Account Status",
            "Account.Health",
            "Account.Owner",
            "Account.Client Since",
            "Account.Last Contact On",
            "Account.Days Since Last Contact",
        ),
        table(
            "How to reach them",
            "Account.Primary Contact up",
            "Account.Primary Contact",
            "Account.Email",
            "Account.Phone",
            "Account.Website",
            "Account.City",
            "Account.Country",
        ),
        card(
            "The client in figures",
            REVENUE,
            "Project.Active Projects",
            "Project.Overdue Projects",
            "Activity.Touchpoints",
            "Activity.Open Activities",
            "Activity.Overdue Activities",
            "Account.Last Contact",
        ),
        table(
            "Projects",
            "Project.Start Date down",
            "Project.Project",
            "Project Status.Project Status",
            "Project.Start Date",
            "Project.End Date",
            "Project.Deadline",
            "Project.Contract Value",
        ),
        chart(
            LINES,
            "Revenue over time",
            "Date.Month",
            REVENUE,
            "",
            "Y2: Project.Cumulative Contracted Revenue",
        ),
        table(
            "Activities",
            "Activity.Occurred On down",
            "Activity.Occurred On",
            "Activity Type.Activity Type",
            "Activity.Subject",
            "Activity.Related To",
            "Activity.Owner",
        ),
        chart(
            "columnChart",
            "Touchpoints per month",
            "Date.Month",
            "Activity.Touchpoints in Month",
            "",
            "Series: Activity Type.Activity Type",
        ),
    ),
    "Delivery & Activity": (
        card(
            "Delivery and activity",
            "Activity.Touchpoints",
            "Activity.Hours",
            "Activity.Open Activities",
            "Activity.Overdue Activities",
            "Account.Clients Without Contact 30 Days",
        ),
        chart(
            "columnChart",
            "Touchpoints per month by type",
            "Date.Month",
            "Activity.Touchpoints in Month",
            "",
            "Series: Activity Type.Activity Type",
        ),
        chart(
            "clusteredBarChart",
            "Touchpoints per client",
            "Account.Account",
            "Activity.Touchpoints",
            "Activity.Touchpoints down",
            filters=WITH_CLIENT,
        ),
        chart(
            "clusteredBarChart",
            "Days since last contact",
            "Account.Account",
            "Account.Days Since Last Contact",
            "Account.Days Since Last Contact down",
        ),
        table(
            "Active clients without contact for 30 days",
            "Account.Days Since Last Contact down",
            "Account.Account",
            "Account.Account Status",
            "Account.Health",
            "Account.Owner",
            "Account.Last Contact On",
            "Account.Days Since Last Contact",
            filters=("Account.Clients Without Contact 30 Days gt 0",),
        ),
    ),
}
