"""A browser's side of the page without a browser: requests with a browser's headers, HTML read."""

from html.parser import HTMLParser
from typing import Any

import requests

from crm_sync.localorg.serve import LocalOrg


class Visitor:
    """Looks at one org's page and presses its buttons."""

    def __init__(self, org: LocalOrg) -> None:
        self.org = org
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(org.ca_bundle)

    def get(self, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", 10)
        return self.session.get(self.org.instance_url + path, **options)

    def see(self, path: str) -> "Seen":
        """A page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return Seen(answer.text)

    def post(
        self,
        path: str,
        form: dict[str, Any] | None = None,
        *,
        headers: dict[str, str] | None = None,
        follow: bool = False,
    ) -> requests.Response:
        """A form sent by the page itself, unless other headers say otherwise."""
        return self.session.post(
            self.org.instance_url + path,
            data=form or {},
            headers={"Sec-Fetch-Site": "same-origin"} if headers is None else headers,
            allow_redirects=follow,
            timeout=10,
        )

    def edit(self, record_id: str, **texts: str | None) -> requests.Response:
        """Open the form of a record, type, and save; None unticks a box."""
        form = self.see(f"/page/records/{record_id}/edit").form()
        for name, text in texts.items():
            if text is None:
                form.pop(name)
            else:
                form[name] = text
        return self.post(f"/page/records/{record_id}/edit", form)


class Seen(HTMLParser):
    """A page as a reader meets it: its words, links, and what its forms would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.words: list[str] = []
        self.links: list[str] = []
        self.elements: list[str] = []
        self._fields: dict[str, str] = {}
        self._open: str | None = None
        self._select: str | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def form(self) -> dict[str, str]:
        """Names and values of every field that stands on the page."""
        return dict(self._fields)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append(tag)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        name = given.get("name", "")
        is_box = given.get("type") in ("checkbox", "radio")
        if tag == "input" and name and (not is_box or "checked" in given):
            self._fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._open, self._fields[name] = name, ""
        elif tag == "select":
            self._select, self._fields[name] = name, ""
        elif tag == "option" and self._select and "selected" in given:
            self._fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._open:
            # The line break after the tag belongs to HTML.
            self._fields[self._open] = self._fields[self._open].removeprefix("\n")
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self._fields[self._open] += data
        else:
            self.words.append(data)
