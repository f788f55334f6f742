"""Questions to a person at a terminal, and what stands for an answer where nobody can be asked.

In: a question, the answer of a flag, and what is there already. Out: a text. A wrong answer is told
in a line, and asked again; without a terminal it ends the command.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from crm_sync.errors import CrmSyncError, SettingsError, SetupError
from crm_sync.names import nearest

__all__ = ["Asker"]

_T = TypeVar("_T")


class Asker:
    """`may_ask`: there is a terminal, and nobody said --yes."""

    def __init__(self, *, may_ask: bool, quiet: bool = False) -> None:
        self.may_ask = may_ask
        self._quiet = quiet

    def say(self, text: str) -> None:
        """A line to read; nothing that a program would want."""
        if not self._quiet:
            print(text, flush=True)

    def text(
        self, question: str, flag: str, given: str | None, known: str | None = None,
        *, hidden: bool = False, needed: bool = True,
    ) -> str:  # fmt: skip
        """An answer: the flag's, else the person's, for whom Enter means what is known.

        `hidden`: neither what is typed nor what is known is shown. `needed`: an empty answer is
        none. Raises SetupError where nobody can be asked and nothing is known.
        """
        if given is not None:
            return given.strip()
        if not self.may_ask:
            if known is None and needed:
                raise SetupError(
                    f"There is no answer to: {question}.", f"Give {flag}; nobody can be asked."
                )
            return known or ""
        shown = "" if known is None else " [as it is]" if hidden else f" [{known}]"
        while True:
            asked = f"{question}{shown}: "
            answer = (getpass.getpass(asked) if hidden else input(asked)).strip()
            if answer or known is not None or not needed:
                return answer or known or ""

    def choice(
        self, question: str, flag: str, given: str | None, known: str, choices: Sequence[str]
    ) -> str:
        """One of several words."""
        while True:
            answer = self.text(f"{question} ({', '.join(choices)})", flag, given, known)
            if answer in choices:
                return answer
            given = None
            self.wrong(
                SettingsError(
                    f"{answer!r} is none of these.{nearest(answer, choices)}",
                    f"Known: {', '.join(choices)}.",
                )
            )

    def yes(self, question: str, *, usual: bool) -> bool:
        """Yes or no. Where nobody can be asked: what is usual."""
        if not self.may_ask:
            return usual
        while True:
            answer = input(f"{question} [{'Y/n' if usual else 'y/N'}]: ").strip().lower()
            if answer in ("", "y", "yes", "n", "no"):
                return usual if not answer else answer.startswith("y")
            print(f"  {answer!r} is neither: y or n.", file=sys.stderr, flush=True)

    def wrong(self, error: CrmSyncError) -> None:
        """Tells what is wrong with an answer, so that it is asked again. Raises it where nobody can
        be asked.
        """
        if not self.may_ask:
            raise error
        print(f"  {error}", file=sys.stderr, flush=True)

    def until_right(self, attempt: Callable[[bool], _T]) -> _T:
        """Asks and tests until the test is passed. `attempt` is told whether it is the first."""
        is_first = True
        while True:
            try:
                return attempt(is_first)
            except CrmSyncError as error:
                self.wrong(error)
            is_first = False
