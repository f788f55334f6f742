"""The HTML: templates with every value escaped."""

import json
from collections.abc import Mapping
from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined

from crm_sync.localorg.page import show


def render(name: str, context: Mapping[str, object]) -> str:
    """A page as text."""
    return _environment().get_template(f"{name}.html.j2").render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("crm_sync.localorg.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = "{:,}".format
    environment.filters["json"] = partial(json.dumps, ensure_ascii=False)
    environment.globals["first_objects"] = show.first_objects
    return environment
