"""A plain HTTP client for these tests: requests, and nothing of our own in between."""

from typing import Any

import requests

from crm_sync.localorg.serve import LocalOrg

VERSION = "60.0"
BASE = f"/services/data/v{VERSION}"

Body = Any


class Client:
    """Calls one org as its integration user."""

    def __init__(self, org: LocalOrg) -> None:
        self.org = org
        self.session = requests.Session()
        self.session.trust_env = False  # else REQUESTS_CA_BUNDLE wins over our certificate
        self.session.verify = str(org.ca_bundle)
        self.session.headers["Authorization"] = f"Bearer {org.access_token}"

    def call(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        version: str = VERSION,
    ) -> requests.Response:
        """One request; ``path`` is below /services/data/vXX.X unless it is a whole one."""
        base = (
            "" if path.startswith(("/services", "/id", "/local")) else f"/services/data/v{version}"
        )
        return self.session.request(
            method,
            self.org.instance_url + base + path,
            json=body,
            headers=headers,
            params=params,
            timeout=10,
        )

    def upsert(
        self, object_name: str, *records: dict[str, Any], headers: dict[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Collections upsert by CRM_Id__c; the results."""
        answer = self.call(
            "PATCH",
            f"/composite/sobjects/{object_name}/CRM_Id__c",
            {"allOrNone": False, "records": typed(object_name, *records)},
            headers=headers or {"Sforce-Auto-Assign": "FALSE"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upsert_one(self, object_name: str, **fields: Any) -> str:
        """The Id of one record that must go in."""
        [result] = self.upsert(object_name, fields)
        assert result["success"], result
        return result["id"]

    def error(self, object_name: str, **fields: Any) -> dict[str, Any]:
        """The one error of one record that must be refused."""
        [result] = self.upsert(object_name, fields)
        assert not result["success"], result
        [error] = result["errors"]
        return error

    def update(self, object_name: str, record_id: str, **fields: Any) -> dict[str, Any]:
        """Collections update of one record; its result."""
        records = typed(object_name, {"Id": record_id, **fields})
        answer = self.call(
            "PATCH",
            "/composite/sobjects",
            {"allOrNone": False, "records": records},
            headers={"Sforce-Auto-Assign": "FALSE"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()[0]

    def query(self, soql: str, resource: str = "query") -> list[dict[str, Any]]:
        """The records of a query that must be understood, without their attributes."""
        answer = self.call("GET", f"/{resource}", params={"q": soql})
        assert answer.status_code == 200, answer.text
        return [without_attributes(record) for record in answer.json()["records"]]

    def row(self, object_name: str, record_id: str, *fields: str) -> dict[str, Any]:
        """Some fields of one record."""
        soql = f"SELECT {', '.join(fields)} FROM {object_name} WHERE Id = '{record_id}'"
        [record] = self.query(soql, "queryAll")
        return record

    def composite(self, *subrequests: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        """The subresponses of a composite that must be understood."""
        body = {"collateSubrequests": False, **options, "compositeRequest": list(subrequests)}
        answer = self.call("POST", "/composite", body)
        assert answer.status_code == 200, answer.text
        return answer.json()["compositeResponse"]


def typed(object_name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    """Records as a Collections body has them."""
    return [{"attributes": {"type": object_name}, **record} for record in records]


def without_attributes(record: Any) -> Any:
    """A record and its parents without ``attributes``, which a test of values does not need."""
    if not isinstance(record, dict):
        return record
    return {k: without_attributes(v) for k, v in record.items() if k != "attributes"}
