"""Queries that are not understood."""

import pytest

from .client import Client

REFERENCE = (
    " If you are attempting to use a custom {0}, be sure to append the '{1}' after the {2} name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        (
            "SELECT Id, Foo FROM Account",
            "INVALID_FIELD",
            "\nSELECT Id, Foo FROM Account\n           ^\nERROR at Row:1:Column:12\n"
            "No such column 'Foo' on entity 'Account'."
            + REFERENCE.format("field", "__c", "custom field"),
        ),
        (
            "select count() from XYZZY",
            "INVALID_TYPE",
            "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
            "sObject type 'XYZZY' is not supported." + REFERENCE.format("object", "__c", "entity"),
        ),
        (
            "SELECT Foo.Name FROM Account",
            "INVALID_FIELD",
            "\nSELECT Foo.Name FROM Account\n       ^\nERROR at Row:1:Column:8\n"
            "Didn't understand relationship 'Foo' in field path."
            + REFERENCE.format("relationship", "__r", "custom relationship"),
        ),
        (
            "SELECT Who.CRM_Id__c FROM Task",
            "INVALID_FIELD",
            "\nSELECT Who.CRM_Id__c FROM Task\n       ^\nERROR at Row:1:Column:8\n"
            "No such column 'CRM_Id__c' on entity 'Name'."
            + REFERENCE.format("field", "__c", "custom field"),
        ),
        ("invalid", "MALFORMED_QUERY", "unexpected token: 'invalid'"),
        (" SELCT Id FROM Account", "MALFORMED_QUERY", "unexpected token: 'SELCT'"),
        (
            "SELECT Id FROM Account WHERE",
            "MALFORMED_QUERY",
            "\nSELECT Id FROM Account WHERE\n                            ^\n"
            "ERROR at Row:1:Column:29\nunexpected token: '<EOF>'",
        ),
        (
            "SELECT Id\nFROM Account\nWHERE Name == 'x'",
            "MALFORMED_QUERY",
            "\nWHERE Name == 'x'\n            ^\nERROR at Row:3:Column:13\nunexpected token: '='",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 5",
            "INVALID_FIELD",
            "\nSELECT Id FROM Account WHERE Name = 5\n                             ^\n"
            "ERROR at Row:1:Column:30\n"
            "value of filter criterion for field 'Name' must be of type string and should be "
            "enclosed in quotes",
        ),
        (
            "SELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'",
            "INVALID_FIELD",
            "\nSELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'\n"
            "                                 ^\nERROR at Row:1:Column:34\n"
            "value of filter criterion for field 'CloseDate' must be of type date and should not "
            "be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Lead WHERE Description = 'x'",
            "INVALID_FIELD",
            "\nSELECT Id FROM Lead WHERE Description = 'x'\n                          ^\n"
            "ERROR at Row:1:Column:27\nfield 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Lead WHERE Id = 'nonsense'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "\nSELECT Id FROM Lead WHERE Id = 'nonsense'\n                          ^\n"
            "ERROR at Row:1:Column:27\ninvalid ID field: nonsense",
        ),
        (
            "SELECT Name, COUNT(Id) FROM Lead",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Name",
        ),
        (
            "SELECT Id FROM Lead OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
    ],
)
def test_a_query_that_is_not_understood_says_where(
    client: Client, soql: str, code: str, message: str
) -> None:
    for resource in ("query", "queryAll"):
        answer = client.call("GET", f"/{resource}", params={"q": soql})
        assert answer.status_code == 400
        assert answer.json() == [{"message": message, "errorCode": code}]


@pytest.mark.parametrize(
    "soql",
    [
        "FROM Account",
        "SELECT FROM Account",
        "SELECT Id, FROM Account",
        "SELECT Id FROM Account WHERE Name = 'open",
        "SELECT Id FROM Account WHERE (Name = 'x'",
        "SELECT Id FROM Account LIMIT x",
        "SELECT Id FROM Account; DROP TABLE Account",
        "SELECT UPPER(Name) FROM Account",
        "SELECT Id, (SELECT Id FROM Tasks FROM Account",
        "SELECT Id FROM Account WHERE Name IN ()",
        "SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS",
    ],
)
def test_what_is_not_soql_or_not_offered_is_malformed(client: Client, soql: str) -> None:
    answer = client.call("GET", "/query", params={"q": soql})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "MALFORMED_QUERY"


def test_an_unknown_locator_is_refused(client: Client) -> None:
    answer = client.call("GET", "/query/01g000000000001AAA-2000")
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize(
    ("soql", "excerpt", "mark"),
    [
        (
            "SELECT Id, LastViewedDate, LastReferencedDate, Jigsaw, JigsawCompanyId, CleanStatuz, "
            "AccountSource, DunsNumber, Tradestyle FROM Account",
            "LastReferencedDate, Jigsaw, JigsawCompanyId, CleanStatuz, AccountSource, DunsNumber",
            45,
        ),
        (
            "select Id, Company,Email,LastName,SF_date__c, ConvertedContactId from Lead",
            "select Id, Company,Email,LastName,SF_date__c, ConvertedContactId from",
            34,
        ),
        (
            "SELECT Id,Phone,CreatedById,BillingPostalCode,TPI_Product__c,Name,AccountNumber,Fax "
            "FROM Account",
            "CreatedById,BillingPostalCode,TPI_Product__c,Name,AccountNumber",
            30,
        ),
        (
            "SELECT Id, Owner.FirstName, Owner.UserName, Stage" + " " * 40 + "FROM Opportunity",
            "Owner.FirstName, Owner.UserName, Stage" + " " * 26,
            33,
        ),
    ],
)
def test_the_excerpt_of_a_long_query_cuts_no_word_and_keeps_blanks(
    client: Client, soql: str, excerpt: str, mark: int
) -> None:
    """R, openstax; 3, camel-quarkus 3022, mautic 13406, forcedotcom/cli 1356."""
    answer = client.call("GET", "/query", params={"q": soql})
    [_, told, place, *_] = answer.json()[0]["message"].split("\n")
    assert (told, len(place) - 1) == (excerpt, mark)
