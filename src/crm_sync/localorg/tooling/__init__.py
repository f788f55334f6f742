"""The Tooling API, as far as set-up tools ask it: what objects and fields there are, custom fields.

catalog     objects and fields as rows of tables of their own, for queries
query       SOQL over them
sobjects    custom fields as records; describes
"""
