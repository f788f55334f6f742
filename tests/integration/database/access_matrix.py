"""Who may do what, declared: a line for everything that schema.sql and views.sql make.

s, i, u, d: selects, inserts, updates, deletes rows, all of them. x: calls the function. A schema's
u: may name what is in it. Nobody but the owner truncates, references, or makes triggers or objects.
`authenticated` is a member of the practice here; who signed in as nobody's member reaches no row.
"""

from __future__ import annotations

DECLARED = """
                                        anon authenticated service_role crm_sync powerbi_reader
schema public                           u    u             u            u        u
schema sync                             -    -             -            u        -
schema analytics                        -    -             -            -        u

public.accounts                         -    siud          siud         s        -
public.leads                            -    siud          siud         s        -
public.projects                         -    siud          siud         s        -
public.activities                       -    siud          siud         s        -
public.lead_status_changes              -    s             s            -        -
public.project_status_changes           -    s             s            -        -
public.practice_setting                 -    su            su           -        -

public.convert_lead(uuid,uuid)          -    x             x            -        -
public.full_name(public.leads)          -    x             x            -        -
public.is_open(public.activities)       -    x             x            -        -
public.is_overdue(public.projects)      -    x             x            -        -
public.is_staff()                       -    x             x            -        -
public.note_lead_status()               -    -             -            -        -
public.note_project_status()            -    -             -            -        -
public.refuse_history_edit()            -    -             -            -        -
public.set_updated_at()                 -    -             -            -        -

sync.org                                -    -             -            siud     -
sync.target                             -    -             -            siud     -
sync.mapping                            -    -             -            siud     -
sync.describe                           -    -             -            siud     -
sync.reference                          -    -             -            siud     -
sync.change                             -    -             -            sud      -
sync.record                             -    -             -            siud     -
sync.moved                              -    -             -            siud     -
sync.plan                               -    -             -            siud     -
sync.job                                -    -             -            siud     -
sync.job_row                            -    -             -            siud     -
sync.history                            -    -             -            siud     -
sync.run                                -    -             -            siud     -
sync.made                               -    -             -            s        -

sync.forget_org()                       -    -             -            -        -
sync.mapped_tables()                    -    -             -            -        -
sync.note_change()                      -    -             -            -        -
sync.version()                          -    -             -            x        -

analytics.account                       -    -             -            -        s
analytics.account_overview              -    -             -            -        s
analytics.account_status                -    -             -            -        s
analytics.active_project                -    -             -            -        s
analytics.activity_timeline             -    -             -            -        s
analytics.activity_type                 -    -             -            -        s
analytics.calendar                      -    -             -            -        s
analytics.client_health                 -    -             -            -        s
analytics.days_in_lead_status           -    -             -            -        s
analytics.kpi                           -    -             -            -        s
analytics.lead                          -    -             -            -        s
analytics.lead_conversion               -    -             -            -        s
analytics.lead_source                   -    -             -            -        s
analytics.lead_status                   -    -             -            -        s
analytics.lead_status_duration          -    -             -            -        s
analytics.monthly_activity              -    -             -            -        s
analytics.pipeline_by_source            -    -             -            -        s
analytics.pipeline_by_status            -    -             -            -        s
analytics.practice                      -    -             -            -        s
analytics.project_detail                -    -             -            -        s
analytics.project_status                -    -             -            -        s
analytics.project_status_duration       -    -             -            -        s
analytics.revenue_by_account            -    -             -            -        s
analytics.sync_health                   -    -             -            -        s
analytics.workload_by_month             -    -             -            -        s
"""

_LINES = [line for line in DECLARED.splitlines() if line]
ROLES = tuple(_LINES[0].split())
Matrix = dict[str, dict[str, str]]


def _cells(line: str) -> tuple[str, dict[str, str]]:
    name, *letters = line.rsplit(maxsplit=len(ROLES))
    return name, {
        role: letter.replace("-", "") for role, letter in zip(ROLES, letters, strict=True)
    }


MATRIX: Matrix = dict(map(_cells, _LINES[1:]))


def as_lines(matrix: Matrix) -> list[str]:
    """The matrix as it is written above, so that a difference can be copied."""
    widths = [len(role) for role in ROLES]
    return [
        f"{name:<39} "
        + " ".join(
            f"{cells.get(role) or '-':<{width}}" for role, width in zip(ROLES, widths, strict=True)
        ).rstrip()
        for name, cells in sorted(matrix.items())
    ]
