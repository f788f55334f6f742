"""People, their e-mail addresses and telephone numbers.

In: a seeded `random.Random`. Out: names, addresses at domains that RFC 2606 keeps for examples
(example.com, .org, .net), and numbers that are never given to anyone:

- Germany: Bundesnetzagentur, numbers for media productions ("Drama Numbers", Mitteilung 148/2021);
- United Kingdom: Ofcom, telephone numbers for drama;
- United States: 555-0100 to 555-0199 of any area code (NANPA);
- Sweden: PTS, mobile numbers 070-174 06 05 to 070-174 06 99.

Imports nothing of the project.
"""

from __future__ import annotations

import unicodedata
from random import Random

__all__ = ["OWNERS", "RESERVED_NUMBERS", "Addresses", "website"]

OWNERS: tuple[str, ...] = (
    "ines.brueckner@example.com",
    "tom.hale@example.com",
    "priya.natarajan@example.com",
    "jonas.friis@example.com",
)
"""The four consultants of the practice."""

RESERVED_NUMBERS: dict[str, tuple[tuple[str, int, int], ...]] = {
    "Germany": (
        ("+49 30 23125 {:03d}", 0, 999),
        ("+49 40 66969 {:03d}", 0, 999),
        ("+49 69 90009 {:03d}", 0, 999),
        ("+49 89 99998 {:03d}", 0, 999),
        ("+49 221 4710 {:03d}", 0, 999),
    ),
    "United Kingdom": (
        ("+44 20 7946 {:04d}", 0, 999),
        ("+44 113 496 {:04d}", 0, 999),
        ("+44 117 496 {:04d}", 0, 999),
        ("+44 131 496 {:04d}", 0, 999),
        ("+44 161 496 {:04d}", 0, 999),
        ("+44 7700 900{:03d}", 0, 999),
    ),
    "United States": (
        ("(212) 555-{:04d}", 100, 199),
        ("(303) 555-{:04d}", 100, 199),
        ("(414) 555-{:04d}", 100, 199),
        ("(617) 555-{:04d}", 100, 199),
        ("+1 805 555 {:04d}", 100, 199),
    ),
    "Sweden": (("+46 70 174 06 {:02d}", 5, 99),),
}
"""By country: a format with the first and last number that is kept free for fiction."""

PLAIN = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "ø": "oe",
    "æ": "ae",
    "ł": "l",
    "ð": "d",
    "þ": "th",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
}
"""Letters that Unicode does not take apart into a Latin letter and a mark, or not as we write."""


class Addresses:
    """Gives out e-mail addresses and numbers, none of them twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: set[str] = set()

    def email(self, name: str) -> str:
        """An address made of `name`, at most 80 characters as Salesforce's e-mail fields have."""
        local = _ascii(name.removeprefix("Dr. ").removeprefix("Dr "))[:60]
        domains = ["example.com", "example.org", "example.net"]
        self._random.shuffle(domains)
        candidates = [f"{local}@{domain}" for domain in domains]
        candidates += [f"{local}.{number}@{domains[0]}" for number in range(2, 50)]
        return self._first_free(candidates)

    def phone(self, country: str | None) -> str | None:
        """A number of `country`, or None where no range is kept for fiction."""
        ranges = RESERVED_NUMBERS.get(country or "")
        if ranges is None:
            return None
        form, first, last = self._random.choice(ranges)
        numbers = self._random.sample(range(first, last + 1), k=last - first + 1)
        return self._first_free([form.format(number) for number in numbers])

    def _first_free(self, candidates: list[str]) -> str:
        free = next(text for text in candidates if text not in self._taken)
        self._taken.add(free)
        return free


def _ascii(name: str) -> str:
    """`Jürgen Weißhaupt` as `juergen.weisshaupt`; a name without Latin letters as `office`."""
    text = name.lower()
    for letter, plain in PLAIN.items():
        text = text.replace(letter, plain)
    text = unicodedata.normalize("NFKD", text)
    words = ["".join(c for c in word if c.isascii() and c.isalnum()) for word in text.split()]
    return ".".join(word for word in words if word) or "office"


def website(firm: str) -> str:
    """A web address at example.com, as long as a host name's label may be (63)."""
    return f"https://{_ascii(firm).replace('.', '-')[:60].strip('-')}.example.com"
