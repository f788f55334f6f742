"""What a view or a deed is given, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_sync.localorg.routing import Router

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org


@dataclass(frozen=True)
class Visit:
    """A browser's request, read."""

    org: "Org"
    router: Router
    query: dict[str, str]
    form: Mapping[str, list[str]]

    def typed(self, name: str) -> str:
        """The first value of a form's field, without blanks around it."""
        return self.form.get(name, [""])[0].strip()


@dataclass(frozen=True)
class Reply:
    """A template with what it shows, or the address to go to."""

    template: str = ""
    context: dict[str, object] = field(default_factory=dict[str, object])
    status: int = 200
    location: str | None = None
