"""`crm-sync check`: mappings, database and org, every finding at once.

What stops a sync is found in `crm_sync.mapping`, which a sync asks, too; here is what needs all
mappings, the whole database or the org's settings, and the order in which all of it is asked.
Nothing is written, here or there.
"""
