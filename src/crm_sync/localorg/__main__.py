"""``python -m crm_sync.localorg``: the command line of the local org."""

import sys

from crm_sync.localorg.process import main

if __name__ == "__main__":
    sys.exit(main())
