"""``local-salesforce-org`` and ``python -m crm_sync.localorg``: the org by a command of its own."""

import sys

COMMAND = "local-salesforce-org"


def run() -> int:
    """The exit code; one line on standard error where the packages of the server are missing."""
    try:
        from crm_sync.localorg.process import main
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("crm_sync"):
            raise
        print(
            f"{COMMAND}: This needs the package {error.name}, which is not installed. The extra "
            "org brings it: pip install '.[org]' in a clone of the project.",
            file=sys.stderr,
        )
        return 2
    return main(command=COMMAND)


if __name__ == "__main__":
    sys.exit(run())
