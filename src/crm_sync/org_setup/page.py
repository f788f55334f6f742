"""The administrator's page: one HTML file that says what to make, why, and every click.

In: what is wanted, and what the org lacks of it where that is known. Out: the page's text. It is
complete in itself: its policy (Content-Security-Policy) forbids every request and every script, and
every value is escaped by Jinja. Its look is `page/page.css`, its frame `page/page.html.j2`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from crm_sync.org_setup.naming import ACTIVITY
from crm_sync.org_setup.source import DEPLOY
from crm_sync.org_setup.steps import Plan
from crm_sync.org_setup.views import VIEW, VIEW_LABEL
from crm_sync.org_setup.wanted import DESCRIPTION, LABEL, SET, Wanted
from crm_sync.report.headline import counted
from crm_sync.report.model import Org
from crm_sync.report.values import visible

__all__ = ["Known", "page"]


@dataclass(frozen=True)
class Known:
    """What is known of the org: itself, who gets the permission set, what is left to do."""

    org: Org
    username: str
    plan: Plan


def page(want: Wanted, known: Known | None) -> str:
    """The page. Without `known` it is for any org, and says of nothing that it is there."""
    style = (files("crm_sync.org_setup") / "page" / "page.css").read_text(encoding="utf-8")
    left = None if known is None else {(s.kind, s.name) for s in known.plan.steps}
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    context: dict[str, object] = {
        "want": want,
        "known": known,
        "left": left,
        "user": known.username if known else "the user of the sync",
        "deploy": [line.replace("USER", known.username if known else "USER") for line in DEPLOY],
        "activity": ACTIVITY,
        "set": {"name": SET, "label": LABEL, "description": DESCRIPTION},
        "view": {"name": VIEW, "label": VIEW_LABEL},
        "style": Markup(style),  # noqa: S704  # our own file
        "style_hash": f"sha256-{digest}",
    }
    return _environment().get_template("page.html.j2").render(context)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("crm_sync.org_setup", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.globals["counted"] = counted
    return environment
