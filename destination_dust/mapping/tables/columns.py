"""Column names: one for each field of a stream, chosen so that Dust keeps them unchanged.

Dust accepts the names `[a-z0-9_]+`, but slugifies them again each time it reads a table: it puts `_` between a
letter and a digit and joins runs of `_`. Only names that come out of this unchanged are used, or they would drift.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping

from destination_dust.mapping.ids import digest

# Dust reads 512 columns of a file at most, and its own row id is one of them.
MAX_COLUMNS = 511
MAX_LENGTH = 200
_LETTERS, _MORE_LETTERS = 6, 16
_NAMELESS = "column"

_SLUG = re.compile("[a-z0-9_]+")
_DRIFTS = re.compile("__|[a-z][0-9]")
_HUMP = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_WORD = re.compile("[^a-z0-9]+")
_DIGIT_AFTER_LETTER = re.compile("(?<=[a-z])(?=[0-9])")
_AS_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def keeps(name: str) -> bool:
    """Whether Dust accepts a column name and never changes it."""
    return len(name) <= MAX_LENGTH and _SLUG.fullmatch(name) is not None and not _DRIFTS.search(name)


class ColumnNames:
    """The column of each field of a stream: distinct, the same in each sync, whatever the order of the records.

    Declared fields are named together. Where several get the same name, the one that needs no change keeps it,
    and the others end in six letters of a hash of their own. An undeclared field keeps its name if it needs no
    change and no declared field has it; otherwise it gets the letters.
    """

    def __init__(self, declared: Iterable[str] = (), *, reserved: Iterable[str] = ()) -> None:
        """`reserved`: names that no field may have."""
        self._taken = set(reserved)
        self._names: dict[str, str] = {}
        alike: dict[str, list[str]] = defaultdict(list)
        for field in sorted(set(declared)):
            alike[_slug(field)].append(field)
        for slug, fields in alike.items():
            keeper = slug if slug in fields else fields[0] if len(fields) == 1 else None
            if keeper is not None and slug not in self._taken:
                self._give(keeper, slug)
        for slug, fields in alike.items():
            for field in fields:
                if field not in self._names:
                    self._give(field, self._with_letters(slug, field))

    def name_of(self, field: str) -> str:
        """The column of a field."""
        name = self._names.get(field)
        if name is None:
            plain = keeps(field) and field not in self._taken
            name = self._give(field, field if plain else self._with_letters(_slug(field), field))
        return name

    @property
    def changed(self) -> Mapping[str, str]:
        """The columns, by field, whose name differs from the field's."""
        return {field: name for field, name in self._names.items() if field != name}

    def _give(self, field: str, name: str) -> str:
        self._names[field] = name
        self._taken.add(name)
        return name

    def _with_letters(self, slug: str, field: str) -> str:
        letters = digest("column", field).translate(_AS_LETTERS)
        stem = slug[: MAX_LENGTH - 1 - len(letters)].rstrip("_")
        name = f"{stem}_{letters[:_LETTERS]}"
        return name if name not in self._taken else f"{stem}_{letters[:_MORE_LETTERS]}"


def _slug(field: str) -> str:
    """The valid name closest to a field's. Several fields may have the same one."""
    if keeps(field):
        return field
    # A decomposed é leaves its e, which reads better than nothing.
    letters = unicodedata.normalize("NFKD", field[:MAX_LENGTH])
    words = _HUMP.sub("_", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    slug = _DIGIT_AFTER_LETTER.sub("_", _NO_WORD.sub("_", words.lower())).strip("_") or _NAMELESS
    return ("_" + slug if field.startswith("_") else slug)[:MAX_LENGTH].rstrip("_")
