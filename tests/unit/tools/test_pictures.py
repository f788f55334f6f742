"""The picture of the demo shows the demo as it is; figures, times and ports differ each time."""

from __future__ import annotations

import html
import inspect
import re

from crm_sync.demo import story
from tools.pictures import IMAGES


def test_every_heading_of_the_demo_stands_in_its_picture() -> None:
    """Where this fails: `uv run python -m tools.pictures` (see CONTRIBUTING)."""
    drawn = re.sub(r"<[^>]*>", "", (IMAGES / "demo.svg").read_text("utf-8"))
    shown = html.unescape(drawn).replace("\N{NO-BREAK SPACE}", " ")
    told = re.findall(r'_step\(\s*(\d), f?"([^"{]*)', inspect.getsource(story))
    assert [number for number, _ in told] == ["1", "2", "3", "4", "5", "6", "7"]
    assert [told_ for told_ in told if ". ".join(told_) not in shown] == []
