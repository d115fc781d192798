"""Column names: one for each field of a stream, chosen so that Dust keeps them unchanged.

Dust accepts the names `[a-z0-9_]+`, but slugifies them again each time it reads a table: it puts `_` between a
letter and a digit and joins runs of `_`. Only names that come out of this unchanged are used, or they would drift.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from anyascii import anyascii

from destination_dust.exact_json import clean_text
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

_REMEMBERED = "airbyte:columns"
_COLUMN = re.compile("airbyte:column:([a-z0-9_]+):(.*)", re.DOTALL)


def keeps(name: str) -> bool:
    """Whether Dust accepts a column name and never changes it."""
    return len(name) <= MAX_LENGTH and _SLUG.fullmatch(name) is not None and not _DRIFTS.search(name)


class ColumnNames:
    """The column of each field of a stream: distinct, the same in each sync, whatever the order of the records.

    Declared fields are named together. Where several get the same name, the one that needs no change keeps it,
    and the others end in six letters of a hash of their own. An undeclared field keeps its name if it needs no
    change and no declared field has it; otherwise it gets the letters.

    The names that the fields of a table had before win over names made anew: a field that is declared later, or meets
    another one later, keeps its column. Version 0.1.0 left no tags that say which names these were, so a column under
    the name that it gave to a field is that field's, unless the table also has a column under today's name.
    """

    def __init__(
        self,
        declared: Iterable[str] = (),
        *,
        reserved: Iterable[str] = (),
        remembered: Mapping[str, str] | None = None,
        existing: Collection[str] = (),
        transliterates: bool = True,
    ) -> None:
        """`reserved`: names that no field may have; `existing`: the columns that the table has.

        `remembered`: the columns of fields that are called otherwise, as `remembered_columns` returns them. Any other
        existing column then belongs to the field of the same name. `transliterates`: whether names of other scripts are
        written in Latin letters; version 0.1.0 left such letters out.
        """
        declared, reserved = set(declared), set(reserved)
        self._transliterates = transliterates
        self._untold = set(existing) if remembered is None else set()
        """Columns whose fields no tag names."""
        self._before = ColumnNames(declared, reserved=reserved, transliterates=False) if self._untold else None
        self._taken = reserved
        self._names: dict[str, str] = {}
        for field, name in (remembered or {}).items():
            if keeps(name) and name not in self._taken:
                self._give(field, name)
        own = set() if remembered is None else set(existing) - self._taken
        alike: dict[str, list[str]] = defaultdict(list)
        for field in sorted(declared - self._names.keys()):
            alike[self._slug(field)].append(field)
        for slug, fields in alike.items():
            keeper = slug if slug in fields else fields[0] if len(fields) == 1 else None
            if keeper is None or slug in self._taken:
                continue
            if slug not in own or slug == keeper or not _can_be_remembered(keeper):
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
            name = self._give(field, field if plain else self._with_letters(self._slug(field), field))
        return name

    @property
    def changed(self) -> Mapping[str, str]:
        """The columns, by field, whose name differs from the field's."""
        return {field: name for field, name in self._names.items() if field != name}

    def moved(self, existing: Collection[str]) -> Iterator[tuple[str, str, str]]:
        """Fields whose column is new though the table has another one that may have been theirs.

        Yields field, column and the other one. Only of interest if the table's names are not remembered.
        """
        for field, name in self._names.items():
            slug = self._slug(field)
            candidates = {slug, *self._letters(slug, field)} - set(self._names.values())
            if name not in existing:
                yield from ((field, name, other) for other in sorted(candidates.intersection(existing)))

    def _slug(self, field: str) -> str:
        return _slug(field, transliterates=self._transliterates)

    def _give(self, field: str, name: str) -> str:
        before = self._before.name_of(field) if self._before else name
        if before in self._untold - self._taken and name not in self._untold:
            name = before
        self._names[field] = name
        self._taken.add(name)
        return name

    def _with_letters(self, slug: str, field: str) -> str:
        short, long = self._letters(slug, field)
        return short if short not in self._taken else long

    def _letters(self, slug: str, field: str) -> tuple[str, str]:
        letters = digest("column", field).translate(_AS_LETTERS)
        stem = slug[: MAX_LENGTH - 1 - len(letters)].rstrip("_")
        return f"{stem}_{letters[:_LETTERS]}", f"{stem}_{letters[:_MORE_LETTERS]}"


def column_tags(changed: Mapping[str, str]) -> list[str]:
    """Return the tags of a table by which later syncs know the columns of fields that are called otherwise."""
    return [
        _REMEMBERED,
        *(f"airbyte:column:{name}:{field}" for field, name in changed.items() if _can_be_remembered(field)),
    ]


def remembered_columns(tags: Iterable[str]) -> dict[str, str] | None:
    """Return the columns by field that `column_tags` has put into the tags, None if it has not."""
    tags = list(tags)
    if _REMEMBERED not in tags:
        return None
    return {match[2]: match[1] for tag in tags if (match := _COLUMN.fullmatch(tag))}


def without_column_tags(tags: Iterable[str]) -> list[str]:
    """Return the other tags."""
    return [tag for tag in tags if tag != _REMEMBERED and not _COLUMN.fullmatch(tag)]


def _is_of_another_script(letter: str) -> bool:
    return letter.isalpha() and not letter.isascii() and not unicodedata.name(letter, "LATIN").startswith("LATIN")


def _can_be_remembered(field: str) -> bool:
    return not clean_text(field)[1]


def _slug(field: str, *, transliterates: bool) -> str:
    """The valid name closest to a field's. Several fields may have the same one."""
    if keeps(field):
        return field
    # A decomposed é leaves its e, which reads better than nothing.
    letters = unicodedata.normalize("NFKD", field[:MAX_LENGTH])
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    if transliterates and any(map(_is_of_another_script, plain)):
        plain = anyascii(field[:MAX_LENGTH])
    words = _HUMP.sub("_", plain)
    slug = _DIGIT_AFTER_LETTER.sub("_", _NO_WORD.sub("_", words.lower())).strip("_") or _NAMELESS
    return ("_" + slug if field.startswith("_") else slug)[:MAX_LENGTH].rstrip("_")
