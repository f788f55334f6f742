"""What a job is, and how answers show it. Keys and their order are those recorded (R, bulk2/)."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["ingest", "query"]
Facts = dict[str, Any]

OPEN, UPLOADED, RUNNING = "Open", "UploadComplete", "InProgress"
COMPLETE, FAILED, ABORTED = "JobComplete", "Failed", "Aborted"
ENDED = frozenset((COMPLETE, FAILED, ABORTED))
INGEST_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
QUERY_OPERATIONS = ("query", "queryAll")


@dataclass
class Job:
    """One job. Moments are texts as the store keeps them, durations are milliseconds."""

    id: str
    kind: Kind
    operation: str
    object_name: str
    created_by: str
    created: str
    modified: str
    version: str
    line_ending: str = "LF"
    delimiter: str = "COMMA"
    state: str = OPEN
    external_id: str | None = None
    assignment_rule: str | None = None
    query: str | None = None
    has_upload: bool = False
    processed: int = 0
    failed: int = 0
    total_time: int = 0
    active_time: int = 0
    error: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def job_type(self) -> str:
        return "V2Ingest" if self.kind == "ingest" else "V2Query"

    def closed(self) -> Facts:
        """The answer to closing or aborting (R, close-uploadcomplete.json)."""
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.created_by,
            "createdDate": self.created,
            "systemModstamp": self.modified,
            "state": self.state,
            **({"externalIdFieldName": self.external_id} if self.external_id else {}),
            **({"assignmentRuleId": self.assignment_rule} if self.assignment_rule else {}),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
        }

    def opened(self) -> Facts:
        """The answer to creating (R, create-open.json, query-create.json)."""
        return {**self.closed(), **self._upload_address(), **self._form()}

    def listed(self) -> Facts:
        """One of the records of a list of jobs (D, Get All Jobs)."""
        return {
            **self.closed(),
            "jobType": self.job_type,
            **self._upload_address(),
            **self._form(),
        }

    def info(self) -> Facts:
        """Everything about the job (R, info-*.json; without upload there are no counts, 3)."""
        if self.kind == "query":
            shown = {
                **self.listed(),
                "numberRecordsProcessed": self.processed,
                "retries": 0,
                "totalProcessingTime": self.total_time,
            }
        else:
            counts = {
                "numberRecordsProcessed": self.processed,
                "numberRecordsFailed": self.failed,
            }
            shown = {
                **self.listed(),
                **(counts if self.has_upload or self.state != OPEN else {}),
                "retries": 0,
                "totalProcessingTime": self.total_time,
                "apiActiveProcessingTime": self.active_time,
                "apexProcessingTime": 0,
            }
        return {**shown, **({"errorMessage": self.error} if self.error else {})}

    def _form(self) -> Facts:
        return {"lineEnding": self.line_ending, "columnDelimiter": self.delimiter}

    def _upload_address(self) -> Facts:
        if self.state != OPEN:
            return {}
        return {"contentUrl": f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"}
