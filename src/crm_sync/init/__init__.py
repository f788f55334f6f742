"""`crm-sync init`: questions about database, org and mappings, each answer tested at once.

Out: `crm-sync.toml` (no secrets), `.env` (secrets) and, when wanted, a folder of mappings.

    flags ─┐
           ├─ asking ─▶ database, org, mappings ─▶ changes ─▶ toml_file, dotenv_file, ignored
    what is there ─┘         (each is tried)        (shown, then written together)
"""
