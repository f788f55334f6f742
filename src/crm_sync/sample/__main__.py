"""`python -m crm_sync.sample --sql` writes the sample as a SQL script to standard output."""

from __future__ import annotations

import argparse
import sys

from crm_sync.sample.script import script

__all__ = ["main"]


def main() -> None:
    """Write the script as UTF-8 with LF, whatever the platform's defaults are."""
    parser = argparse.ArgumentParser(prog="python -m crm_sync.sample", description=__doc__)
    parser.add_argument("--sql", action="store_true", required=True, help="write the SQL script")
    parser.parse_args()
    sys.stdout.buffer.write(script().encode())


if __name__ == "__main__":
    main()
