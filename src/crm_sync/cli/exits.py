"""Exit codes, and how the help of a command tells its own."""

from __future__ import annotations

__all__ = [
    "APPLY_EPILOG",
    "CHECK_EPILOG",
    "EPILOG",
    "FINDINGS_EPILOG",
    "INTERRUPTED",
    "OK",
    "PLAIN_EPILOG",
    "PROBLEMS",
    "SERVE_EPILOG",
    "SETUP_EPILOG",
    "STOPPED",
]

OK, PROBLEMS, STOPPED, INTERRUPTED = 0, 1, 2, 130

EPILOG = (
    "Exit codes: 0 all well, 1 finished and some rows need you, 2 could not run or was stopped, "
    "130 interrupted."
)
PLAIN_EPILOG = "Exit codes: 0 all well, 2 could not run, 130 interrupted."
APPLY_EPILOG = (
    "Exit codes: 0 all well, 1 something is left to do, 2 could not run or was not applied, "
    "130 interrupted."
)
CHECK_EPILOG = "Exit codes: 0 all well, 1 a document is stale, 2 could not run, 130 interrupted."
SERVE_EPILOG = "Exit codes: 0 ended by Ctrl-C or a signal, 2 could not start."
FINDINGS_EPILOG = (
    "Exit codes: 0 no error, 1 errors found (with --strict warnings, too), 2 could not run, "
    "130 interrupted."
)
SETUP_EPILOG = (
    "Exit codes: 0 all well, 1 something is left for a person, 2 could not run or was stopped, "
    "130 interrupted."
)
