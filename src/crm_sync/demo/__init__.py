"""The demo: a practice's database and a Salesforce org of its own, started, used and removed."""
