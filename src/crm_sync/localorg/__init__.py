"""A local Salesforce org: an HTTP server on SQLite that answers like Salesforce's data APIs.

It is complete in itself: it imports nothing of the rest of the project, and nothing of the rest
imports it except the demo, the command line and the tests. Start it with
``python -m crm_sync.localorg`` or, inside a test, with :class:`crm_sync.localorg.serve.LocalOrg`.

Where a rule of Salesforce is imitated, the docstring beside it says where the rule is known from:
D Salesforce documentation, R a recorded answer of a real org, C a client's source, 3 third party,
U not verified. ``docs/local-org.md`` lists what is unverified or left out.
"""
