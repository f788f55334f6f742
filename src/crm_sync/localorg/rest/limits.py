"""API limits: the day's calls, counted; everything else as a fresh Developer Edition has it (R)."""

from typing import TYPE_CHECKING

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.routing import Answer, Request, Route

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

_FULL = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAsyncApexExecutions": 250000,
    "DailyBulkApiRequests": 5000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyDurableGenericStreamingApiEvents": 10000,
    "DailyDurableStreamingApiEvents": 10000,
    "DailyGenericStreamingApiEvents": 10000,
    "DailyStreamingApiEvents": 10000,
    "DailyWorkflowEmails": 390,
    "DurableStreamingApiConcurrentClients": 20,
    "FileStorageMB": 20,
    "HourlyAsyncReportRuns": 1200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5000,
    "HourlyDashboardStatuses": 999999999,
    "HourlyODataCallout": 10000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 50,
    "MassEmail": 10,
    "SingleEmail": 15,
    "StreamingApiConcurrentClients": 20,
}


def limits(org: "Org", request: Request) -> Answer:
    """For users with "View Setup and Configuration" (D); what others are answered is U."""
    if not org.permissions(request.user_id).has("ViewSetup"):
        raise ApiError(403, "FORBIDDEN", "You do not have permission to view limits.")
    body = {name: {"Max": most, "Remaining": most} for name, most in _FULL.items()}
    remaining = max(0, org.daily_limit - org.daily_used)
    body["DailyApiRequests"] = {"Max": org.daily_limit, "Remaining": remaining}
    body["DataStorageMB"] = {"Max": org.storage.limit, "Remaining": org.storage.remaining}
    body |= org.bulk.limits()
    return Answer(200, dict(sorted(body.items())))


def record_count(org: "Org", request: Request) -> Answer:
    """GET /limits/recordCount: objects without records are left out (R, CumulusCI)."""
    asked = request.query.get("sObjects")
    seen = org.view(request)
    names = asked.split(",") if asked else [o.name for o in seen.objects]
    known = [o for name in names if (o := seen.find(name.strip())) is not None]
    counts = [{"count": org.store.count(o.name), "name": o.name} for o in known]
    return Answer(200, {"sObjects": [c for c in counts if c["count"]]})


def count_call(org: "Org") -> None:
    """Count one API call, or refuse it when the day's are used up (R, REQUEST_LIMIT_EXCEEDED)."""
    if org.daily_used >= org.daily_limit:
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    org.daily_used += 1


def usage(org: "Org") -> str:
    """The value of ``Sforce-Limit-Info`` (R)."""
    return f"api-usage={org.daily_used}/{org.daily_limit}"


ROUTES = [
    Route("GET", "/limits", limits),
    Route("GET", "/limits/recordCount", record_count),
]
