"""Invented names, which do not come from real clients, contacts or advisors."""

from functools import cache

import numpy as np
from mimesis import Gender, Locale, Person

from bank_warehouse.generator.randomness import permute, stream_key

_DRAWS = 30_000
_STAFF_SEED = 0


@cache
def name_pools() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return all first names and all surnames, each sorted, with plain letters only.

    Enough names are drawn to include every name that mimesis has, so the pools depend only on its
    version.
    """
    person = Person(Locale.EN, seed=1)
    first_names = {
        person.first_name(gender) for gender in (Gender.FEMALE, Gender.MALE) for _ in range(_DRAWS)
    }
    surnames = {person.last_name() for _ in range(_DRAWS)}
    return _plain(first_names), _plain(surnames)


def staff_names(purpose: str, count: int) -> list[str]:
    """Return `count` different names for the bank's own people, the same in every pack."""
    first_names, surnames = name_pools()
    size = len(first_names) * len(surnames)
    places = permute(np.arange(count, dtype=np.uint64), size, stream_key(_STAFF_SEED, purpose))
    return [
        f"{first_names[place // len(surnames)]} {surnames[place % len(surnames)]}"
        for place in map(int, places)
    ]


def _plain(names: set[str]) -> tuple[str, ...]:
    """Return the names that have only ASCII letters, sorted; they never need quotes in a CSV."""
    return tuple(sorted(name for name in names if name.isascii() and name.isalpha()))
