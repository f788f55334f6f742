"""`python -m crm_sync`: the same as the command `crm-sync`."""

from crm_sync.cli import main

main()
