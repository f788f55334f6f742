"""The recorded exchanges: for each file, the same request to the local org."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from crm_sync.localorg.serve import LocalOrg
from tests.unit.localorg import metadata_calls, signing_in
from tests.unit.localorg.bulk_client import ENDED, BulkClient
from tests.unit.localorg.client import BASE, Client, typed

HEADER = "CRM_Id__c,Name,StageName,CloseDate"
ROW = "r1,O,Prospecting,2026-01-01"
OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}

ID = r"[0-9A-Za-z]{15}[A-Z0-5]{3}"
_ACCOUNT = r"001\w{12}[A-Z0-5]{3}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000"
COUNT = r"\d+"
JSON, XML = "application/json;charset=UTF-8", "text/xml; charset=utf-8"

Answer = requests.Response


class Callers:
    """Who asks one org: its integration user, by REST and in bulk, and its administrator."""

    def __init__(self, org: LocalOrg) -> None:
        self.org = org
        self.client = Client(org)
        self.bulk = BulkClient(self.client)
        self.admin = Client(org)
        self.admin.session.headers["Authorization"] = f"Bearer {org.admin_token}"


Ask = Callable[[Callers, Any], Answer]
"""Makes the request; its second argument is the recorded answer."""


@dataclass(frozen=True)
class Exchange:
    """How to ask the local org what a recording answers, and which values are each org's own."""

    ask: Ask | None
    """None for one whose ``requests`` were recorded."""
    status: int = 200
    own: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """What stands in the recording → what stands here for it: objects, fields."""
    content_type: str = JSON
    requests: tuple[str, ...] = ()
    """Recorded files of requests to send as they stand: documents of the Metadata API. The answer
    to the last one is compared."""


# Sign-in -----------------------------------------------------------------------------------------


def wrong_password(callers: Callers, theirs: Any) -> Answer:
    return signing_in.with_password(callers.client, password="wrong")


def refreshed(callers: Callers, theirs: Any) -> Answer:
    return _refresh(callers, signing_in.refresh_token(callers.client))


def refresh_refused(callers: Callers, theirs: Any) -> Answer:
    return _refresh(callers, "5Aep861nonsense")


def _refresh(callers: Callers, token: str) -> Answer:
    app = signing_in.app(callers.client)
    return signing_in.ask(callers.client, grant_type="refresh_token", refresh_token=token, **app)


def session_gone(callers: Callers, theirs: Any) -> Answer:
    return callers.client.call("GET", "/limits", headers={"Authorization": "Bearer gone"})


# Rows --------------------------------------------------------------------------------------------


def created_one(callers: Callers, theirs: Any) -> Answer:
    return callers.client.call("POST", "/sobjects/Account", {"Name": "A"})


def created_rows(callers: Callers, theirs: Any) -> Answer:
    records = typed("Contact", *[{"LastName": f"L{n}"} for n in range(len(theirs))])
    return callers.client.call("POST", "/composite/sobjects", {"records": records})


def updated_rows(callers: Callers, theirs: Any) -> Answer:
    made = created_rows(callers, theirs).json()
    records = typed("Contact", *[{"id": each["id"], "LastName": "M"} for each in made])
    return callers.client.call("PATCH", "/composite/sobjects", {"records": records})


def no_rows(callers: Callers, theirs: Any) -> Answer:
    return callers.client.call("POST", "/composite/sobjects", {"records": []})


def queried(callers: Callers, theirs: Any) -> Answer:
    """The recorded leads, put in here."""
    parts = ("Street", "City", "State", "PostalCode", "Country")
    for n, lead in enumerate(theirs["records"]):
        address = {part: lead["Address"][part[0].lower() + part[1:]] for part in parts}
        facts = {"FirstName": lead["FirstName"], "CleanStatus": lead["CleanStatus"]}
        told = {k: v for k, v in {**address, **facts}.items() if v is not None}
        callers.client.upsert_one("Lead", CRM_Id__c=f"q{n}", LastName="L", Company="C", **told)
    soql = "SELECT Address, City, CleanStatus, FirstName FROM Lead ORDER BY Id"
    return callers.client.call("GET", "/query", params={"q": soql})


def limits(callers: Callers, theirs: Any) -> Answer:
    return callers.client.call("GET", "/limits")


# Refusals ----------------------------------------------------------------------------------------


def unknown_column(callers: Callers, theirs: Any) -> Answer:
    return callers.client.call("POST", "/sobjects/Account", {"AccountNumer": "1", "Name": "A"})


def read_only(callers: Callers, theirs: Any) -> Answer:
    account = callers.client.upsert_one("Account", CRM_Id__c="1", Name="A")
    body = {"MasterRecordId": account}
    return callers.client.call("PATCH", f"/sobjects/Account/{account}", body)


def deleted_twice(callers: Callers, theirs: Any) -> Answer:
    account = callers.client.upsert_one("Account", CRM_Id__c="1", Name="A")
    path = f"/sobjects/Account/{account}"
    assert callers.client.call("DELETE", path).status_code == 204
    return callers.client.call("DELETE", path)


def unknown_object(callers: Callers, theirs: Any) -> Answer:
    soql = "SELECT Id,Name,BillingCity,IsDeleted FROM Accout"
    return callers.client.call("GET", "/query", params={"q": soql})


def several_matches(callers: Callers, theirs: Any) -> Answer:
    for n in range(len(theirs)):
        callers.client.upsert_one("Opportunity", CRM_Id__c=f"several{n}", **OPPORTUNITY)
    return callers.client.call("GET", "/sobjects/Opportunity/Name/O")


def assigned_twice(callers: Callers, theirs: Any) -> Answer:
    [user] = callers.admin.query(f"SELECT Id FROM User WHERE Username = '{callers.org.username}'")
    [given] = callers.admin.query("SELECT Id FROM PermissionSet WHERE Name = 'CRM_Sync'")
    body = {"AssigneeId": user["Id"], "PermissionSetId": given["Id"]}
    return callers.admin.call("POST", "/sobjects/PermissionSetAssignment", body)


def halted(callers: Callers, theirs: Any) -> Answer:
    """A composite whose second part names a parent that does not exist."""
    parts = [
        ("Account", {"Name": "A"}),
        ("Opportunity", {**OPPORTUNITY, "Account": {"CRM_Id__c": "0116"}}),
    ]
    subrequests = [
        {
            "method": "POST",
            "url": f"{BASE}/sobjects/{name}",
            "referenceId": told["referenceId"],
            "body": body,
        }
        for (name, body), told in zip(parts, theirs["compositeResponse"], strict=True)
    ]
    body = {"allOrNone": True, "compositeRequest": subrequests}
    return callers.client.call("POST", "/composite", body)


# Bulk API 2.0 ------------------------------------------------------------------------------------


def job_created(callers: Callers, theirs: Any) -> Answer:
    body = {
        "object": "Opportunity",
        "operation": "upsert",
        "externalIdFieldName": "CRM_Id__c",
        "contentType": "CSV",
    }
    return callers.client.call("POST", "/jobs/ingest", body)


def job_closed(callers: Callers, theirs: Any) -> Answer:
    return _close(callers, f"{HEADER}\n{ROW}\n")


def job_running(callers: Callers, theirs: Any) -> Answer:
    callers.org.faults = [{"when": {"object": "Opportunity"}, "then": {"job": {"slow": 30}}}]
    rows = "\n".join([HEADER, *(f"p{n}{ROW}" for n in range(300))])
    job_id = _close(callers, rows).json()["id"]
    while not callers.bulk.info(job_id)["numberRecordsProcessed"]:
        pass
    running = _info(callers, job_id)
    callers.bulk.change(job_id, "Aborted")
    return running


def job_complete(callers: Callers, theirs: Any) -> Answer:
    return _run(callers, f"{HEADER}\n{ROW}\n")


def job_with_a_refused_row(callers: Callers, theirs: Any) -> Answer:
    rows = [ROW.replace("r1", f"r{n}") for n in range(theirs["numberRecordsProcessed"])]
    rows[1] = rows[1].replace("2026-01-01", "2003-04-98")
    return _run(callers, "\n".join([HEADER, *rows]))


def job_of_an_unknown_field(callers: Callers, theirs: Any) -> Answer:
    return _run(callers, f"{HEADER},StageName_invalid_field_on_purpose\n{ROW},x\n")


def query_job(callers: Callers, theirs: Any) -> Answer:
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    return callers.client.call("POST", "/jobs/query", body)


def _close(callers: Callers, rows: str) -> Answer:
    job_id = callers.bulk.create("Opportunity")["id"]
    assert callers.bulk.upload(job_id, rows).status_code == 201
    return callers.bulk.change(job_id, "UploadComplete")


def _run(callers: Callers, rows: str) -> Answer:
    job_id = _close(callers, rows).json()["id"]
    callers.bulk.await_state(job_id, *ENDED)
    return _info(callers, job_id)


def _info(callers: Callers, job_id: str) -> Answer:
    return callers.client.call("GET", f"/jobs/ingest/{job_id}")


# Metadata API ------------------------------------------------------------------------------------


def send(callers: Callers, document: str) -> Answer:
    """A recorded document as the administrator's, of whom it needs only the session."""
    token = str(callers.admin.session.headers["Authorization"]).partition(" ")[2]
    return metadata_calls.post(callers.admin, document.replace("TEST_ACCESS_TOKEN", token))


# The table ---------------------------------------------------------------------------------------

_JOB = {
    "id": ID,
    "createdById": ID,
    "createdDate": MOMENT,
    "systemModstamp": MOMENT,
    "contentUrl": r"services/data/v60\.0/jobs/ingest/\w{18}/batches",
}
_DONE = {**_JOB, "totalProcessingTime": COUNT, "apiActiveProcessingTime": COUNT}
_KEY = {"external_id__c": "CRM_Id__c"}
_OBJECT = {"TestObject15__c": "Account"}
_FIELDS = "metadata/upsert-customfields-request.xml"
_PERMISSIONS = "metadata/write-permissionset-request.xml"
_TOKEN = {
    "id": r"https?://.+/id/.+/.+",
    "issued_at": r"\d{13}",
    "instance_url": r"https?://.+[^/]",
    "signature": r".+=",
    "access_token": r"\S+",
}

EXCHANGES: dict[str, Exchange] = {
    "auth/error-400.json": Exchange(wrong_password, 400),
    "auth/refresh-200.json": Exchange(refreshed, own=_TOKEN),
    "auth/refresh-error-400.json": Exchange(refresh_refused, 400),
    "bulk2/create-open.json": Exchange(job_created, own=_JOB, names=_KEY),
    "bulk2/close-uploadcomplete.json": Exchange(job_closed, own=_JOB, names=_KEY),
    "bulk2/info-inprogress.json": Exchange(
        job_running,
        own={**_JOB, "apiActiveProcessingTime": COUNT, "numberRecordsProcessed": r"[1-9]\d*"},
        names=_KEY,
    ),
    "bulk2/info-jobcomplete.json": Exchange(
        job_complete, own={**_DONE, "numberRecordsProcessed": r"[1-9]\d*"}, names=_KEY
    ),
    "bulk2/info-jobcomplete-with-failure.json": Exchange(
        job_with_a_refused_row, own=_DONE, names=_KEY
    ),
    "bulk2/info-failed.json": Exchange(job_of_an_unknown_field, own=_JOB, names=_KEY),
    "bulk2/query-create.json": Exchange(query_job, own=_JOB),
    "collections/single-create-201.json": Exchange(created_one, 201, own={"id": _ACCOUNT}),
    "collections/insert-success.json": Exchange(created_rows, own={"*/id": ID}),
    "collections/update-success.json": Exchange(updated_rows, own={"*/id": ID}),
    "collections/insert-empty-400.json": Exchange(no_rows, 400),
    "collections/query-leads-page.json": Exchange(
        queried,
        own={"records/*/attributes/url": r"/services/data/v60\.0/sobjects/Lead/00Q\w{15}"},
    ),
    "errors/invalid-field-400.json": Exchange(unknown_column, 400),
    "errors/invalid-field-for-insert-update-400.json": Exchange(read_only, 400),
    "errors/invalid-type-400.json": Exchange(unknown_object, 400),
    "errors/not-found-404.json": Exchange(deleted_twice, 404),
    "errors/expired-session-401.json": Exchange(session_gone, 401),
    "errors/multiple-choices-300.json": Exchange(
        several_matches, 300, own={"*": r"/services/data/v\d+\.0/sobjects/\w+/\w+"}
    ),
    "errors/duplicate-permissionsetassignment-400.json": Exchange(
        assigned_twice,
        400,
        own={
            "0/message": r"Duplicate PermissionSetAssignment\.  "
            r"Assignee: 005\w{12}; Permission Set: 0PS\w{12}"
        },
    ),
    "errors/composite-processing-halted.json": Exchange(
        halted, names={"Invoice_External_Id__c": "CRM_Id__c", "blng__Invoice__c": "Account"}
    ),
    "limits.json": Exchange(limits, own={"*/Remaining": COUNT}),
    "metadata/upsert-customfields-response.xml": Exchange(
        None, names=_OBJECT, content_type=XML, requests=(_FIELDS,)
    ),
    "metadata/write-permissionset-response.xml": Exchange(
        None, names=_OBJECT, content_type=XML, requests=(_FIELDS, _PERMISSIONS)
    ),
}
"""Recorded answer → how to get the local org's own."""
