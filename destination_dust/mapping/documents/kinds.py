"""What a value is to a reader: by its form, the name of its field and the format that its schema declares."""

from __future__ import annotations

import re
from enum import Enum


class Kind(Enum):
    """In the order of a document."""

    TEXT = 1
    """Prose of more than 200 characters, or in several lines."""
    SENTENCE = 2
    """Shorter prose, or a few words where a field is named for its text, such as `comment`. It is the text of a record
    that has no longer one."""
    FACT = 3
    """A name, a status."""
    BLOB = 4
    """Long, but no prose: a log, code, a list of dependencies."""
    MACHINE = 5
    """A number, a date, a code."""
    NOISE = 6
    """A UUID, a hash, an opaque token, a bare URL: no reader needs it."""


_LONG = 200
_SENTENCE_WORDS = 6
# Of the parts of prose, this share are words.
_PROSE = 0.6
# Enough to tell.
_LOOKED_AT = 4000
_MAX_CODE = 60

_SEPARATORS = re.compile(r"[\s,;|]+")
_LETTER = re.compile(r"[^\W\d_]")
_NOT_IN_WORDS = re.compile(r"[\d_.:=<>{}\[\]()\\@#$%^&*+~`\"]")
# Punctuation of ASCII; and quotation marks, dashes, the ellipsis and Spanish marks of other scripts.
_AROUND_WORDS = ".:!?\"'`()[]{}<>*_#-+~=/\\\u201c\u201d\u2018\u2019\xab\xbb\u201e\u2026\u2013\u2014\xa1\xbf"
# Scripts without blanks between words: Japanese and Chinese, where a word has some two characters; Thai, Lao, Tibetan,
# Burmese and Khmer, where it has some five.
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_UNSPACED = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]")

_UUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_HASH = re.compile(r"(?=.*[0-9])(?=.*[a-f])(?:[a-z0-9]+[-:])?[0-9a-f]{24,}", re.IGNORECASE)
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.|mailto:|data:)\S+", re.IGNORECASE)
_CODE = re.compile(r"(?=.*[0-9])[A-Za-z0-9+/=_.-]{16,}")
_RUNS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
# In a random token, capitals, small letters and digits change places within a long run of them.
_TOKEN = re.compile(r"[A-Za-z0-9]{14,}")
_MAX_RANDOM_RUN = 3
_TIME = re.compile(
    r"\d{4}-\d\d(?:-\d\d)?(?:[T ]\d\d:?\d\d.*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?: .*)?|\d\d:\d\d(?::\d\d)?.*"
)
_MACHINE_FORMATS = frozenset(["date", "date-time", "time", "uuid", "uri", "url", "email"])
_OPAQUE_NAMES = frozenset(
    ["uuid", "guid", "hash", "sha", "sha1", "sha256", "sha512", "md5", "checksum", "digest", "etag", "cursor", "token"]
)
# A chat message or a comment of two words is still the text of its record.
_TEXT_NAMES = frozenset(["body", "text", "message", "comment", "comments", "content", "description", "note", "notes"])
_MACHINE_NAMES = _OPAQUE_NAMES | frozenset(
    ["id", "ids", "gid", "sid", "url", "urls", "uri", "href", "link", "links", "permalink"]
)


def kind_of(text: str, name: str, declared: str | None) -> Kind:
    """Return the kind of a text that is not blank, by its field's name and declared format (`date-time`, `uuid`, …)."""
    name = _last_word(name)
    parts = [part for part in _SEPARATORS.split(text[:_LOOKED_AT]) if part]
    if _URL.fullmatch(text) or (len(text) <= _LOOKED_AT and all(_is_noise(part, name) for part in parts)):
        return Kind.NOISE
    if declared in _MACHINE_FORMATS or not _LETTER.search(text) or _TIME.fullmatch(text):
        return Kind.MACHINE
    if len(parts) == 1 and (_CODE.fullmatch(text) or text.count("/") >= 2):
        return Kind.MACHINE
    if name in _MACHINE_NAMES and len(text) <= _LONG and len(parts) < 5:
        return Kind.MACHINE
    words, others = _counted(text)
    if words < _PROSE * (words + others):
        return Kind.BLOB if is_long(text) else Kind.MACHINE
    if words < _SENTENCE_WORDS and name not in _TEXT_NAMES:
        return Kind.FACT  # an address, for example, in several lines
    return Kind.TEXT if is_long(text) else Kind.SENTENCE


def is_long(text: str) -> bool:
    """Whether a text is more than a line: of 200 characters, or a quarter of that in a script where one says more."""
    text = text.strip()
    return "\n" in text or len(text) > _LONG or len(text) + 3 * len(_DENSE.findall(text)) > _LONG


def _counted(text: str) -> tuple[int, int]:
    """How many words there are, and how many other parts."""
    words = others = 0
    for part in _SEPARATORS.split(text[:_LOOKED_AT]):
        dense, unspaced = len(_DENSE.findall(part)), len(_UNSPACED.findall(part))
        if (dense + unspaced) * 2 >= len(part) > 0:
            words += max(1, dense // 2 + unspaced // 5)
        elif core := part.strip(_AROUND_WORDS):
            is_word = _LETTER.search(core) and not _NOT_IN_WORDS.search(core)
            words += bool(is_word)
            others += not is_word
        else:
            others += bool(part)
    return words, others


def _is_noise(part: str, name: str) -> bool:
    if _UUID.fullmatch(part) or _HASH.fullmatch(part) or _URL.fullmatch(part):
        return True
    if name in _OPAQUE_NAMES and len(part) >= 8 and any(map(str.isdigit, part)):
        return True
    if part.isascii() and len(part) > _MAX_CODE and part.count("/") < 2:
        return True
    return bool(_CODE.fullmatch(part)) and any(
        len(token) <= _MAX_RANDOM_RUN * len(_RUNS.findall(token)) for token in _TOKEN.findall(part)
    )


def _last_word(name: str) -> str:
    """The last word of a name, such as `id` of `userId` and `user_id`."""
    words = re.findall(r"[a-z]+\d*", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower())
    return words[-1] if words else ""
