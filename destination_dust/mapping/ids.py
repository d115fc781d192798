"""Identity: which records share a document or a row, and what the table of a stream is called.

An id is plain where the key allows it, so that people recognise their records; any other ends in 16 digits
of a SHA-256 over the exact key. Ids are at most 200 of A-Z a-z 0-9 _ -, which any proxy takes as they are.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import lru_cache

from destination_dust import exact_json

MAX_LENGTH = 200
_DIGEST_LENGTH = 16
_PLAIN_BELOW = 10 ** (_DIGEST_LENGTH - 1)
# An integer of more digits is named by its exponent: 1e999999 in a record must not become a megabyte.
_MOST_DIGITS = 10_000
# Drops trailing zeros, and nothing else, of a number of any length.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
# Keys are rarely nested at all.
_MAX_DEPTH = 20

_IDENTIFIER = re.compile(f"[A-Za-z0-9_-]{{1,{MAX_LENGTH}}}(?:--part-[0-9]{{1,6}})?")
_WORD = re.compile("[A-Za-z0-9_]+")
_NO_WORD = re.compile("[^A-Za-z0-9_]+")
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DIGEST = re.compile("[0-9a-f]{16}", re.IGNORECASE)

_TABLE_NAME = re.compile("[a-z_][a-z0-9_]*")
_NO_TABLE_WORD = re.compile("[^a-z0-9]+")
_ENDS_IN_DIGEST = re.compile(".*_[a-p]{16}")
_AS_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def identifier(namespace: str | None, stream: str, parts: Sequence[object]) -> str:
    """Return the id of the record of a stream whose key has these parts; different keys never share one.

    Parts count by their text: a string as it is, a number as its value, anything else as its JSON. So 1, 1.0 and "1"
    are one key, and "1.0" is another: change data capture writes one number as 7000, 7000.0 and 7E+3. An empty
    namespace counts as no namespace.
    """
    # Nearly all keys are such numbers, too short to look like the id of a record without a key.
    if len(parts) == 1 and type(number := parts[0]) is int and 0 <= number < _PLAIN_BELOW:
        prefix = _prefix_of_numbers(namespace, stream)
        if prefix:
            return prefix + str(number)
    texts = [_text(part) for part in parts]
    plain = "-".join([stream, *texts])
    if not namespace and len(plain) <= MAX_LENGTH and _is_word(stream) and _may_be_plain(texts):
        return plain
    return _with_digest([namespace or "", stream, *texts], digest("key", namespace or "", stream, *texts))


def record_identifier(namespace: str | None, stream: str, data: Mapping[str, object]) -> str:
    """Return the id of a record without a key; equal records share one, however their fields are ordered."""
    record = exact_json.dumps(data, sort_keys=True)
    plain = f"{stream}-{hashlib.sha256(record).hexdigest()[:_DIGEST_LENGTH]}"
    if not namespace and len(plain) <= MAX_LENGTH and _is_word(stream):
        return plain
    return _with_digest([namespace or "", stream], digest("record", namespace or "", stream, record.decode()))


def marker_identifier(namespace: str | None, stream: str) -> str:
    """Return the id of the document that marks a stream as replaced. No record has it: theirs have one `--` at most."""
    return f"airbyte--marker--{digest('marker', namespace or '', stream)}"


def is_identifier(document_id: str) -> bool:
    """Whether an id can be one of ours: of this file's alphabet and length, or a part of one."""
    return bool(_IDENTIFIER.fullmatch(document_id))


def table_name(prefix: str, namespace: str | None, stream: str) -> str:
    """Return `{prefix}{stream}` if that is a plain slug, else one that ends in 16 letters of a hash.

    It needs no quotes in SQL (except reserved words), has at most 200 characters and is never that of another stream.
    """
    plain = prefix + stream
    if (
        not namespace
        and stream
        and len(plain) <= MAX_LENGTH
        and _TABLE_NAME.fullmatch(plain)
        and not _ENDS_IN_DIGEST.fullmatch(plain)
    ):
        return plain
    letters = digest("table", namespace or "", stream).translate(_AS_LETTERS)
    # A decomposed é leaves its e, which reads better than nothing.
    text = unicodedata.normalize("NFKD", f"{prefix}_{namespace or ''}_{stream}"[:MAX_LENGTH]).lower()
    ascii_text = text.encode("ascii", "ignore").decode()
    slug = _NO_TABLE_WORD.sub("_", ascii_text).strip("_")[: MAX_LENGTH - len("t__") - len(letters)]
    words = [slug, letters] if _TABLE_NAME.fullmatch(slug) else ["t", slug, letters]
    return "_".join(filter(None, words))


def digest(*texts: str) -> str:
    """Return 16 hex digits of a SHA-256 that is unique to this sequence of texts."""
    sha = hashlib.sha256()
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        sha.update(b"%d:" % len(encoded))  # the length says where each text ends
        sha.update(encoded)
    return sha.hexdigest()[:_DIGEST_LENGTH]


@lru_cache(maxsize=1000)
def _prefix_of_numbers(namespace: str | None, stream: str) -> str | None:
    """What plain ids begin with that end in at most `_DIGEST_LENGTH` digits, None if the stream has none."""
    plain = f"{stream}-"
    return plain if not namespace and _is_word(stream) and len(plain) + _DIGEST_LENGTH <= MAX_LENGTH else None


@lru_cache(maxsize=1000)
def _is_word(stream: str) -> bool:
    return bool(_WORD.fullmatch(stream))


def _text(part: object) -> str:
    return part if isinstance(part, str) else exact_json.dumps(_by_value(part), sort_keys=True).decode()


def _by_value(part: object, depth: int = 0) -> object:
    """The part with equal numbers written alike: integers without a point, if they are not too long for it."""
    if isinstance(part, float):
        exact = Decimal(repr(part))
        return _number(exact) if _is_integral(exact) else part
    if isinstance(part, Decimal):
        return _number(part)
    if depth < _MAX_DEPTH:
        if isinstance(part, Mapping):
            return {name: _by_value(value, depth + 1) for name, value in part.items()}
        if isinstance(part, list):
            return [_by_value(value, depth + 1) for value in part]
    return part


def _number(number: Decimal) -> Decimal:
    if not number.is_finite():
        return number
    shortest = _EXACT.normalize(number)
    if not shortest:
        return Decimal(0)  # without the sign of -0.0
    if _is_integral(shortest) and shortest.adjusted() < _MOST_DIGITS:
        return _EXACT.quantize(shortest, Decimal(1))
    return shortest


def _is_integral(number: Decimal) -> bool:
    return number.is_finite() and number == number.to_integral_value()


def _may_be_plain(texts: Sequence[str]) -> bool:
    if len(texts) == 1 and _UUID.fullmatch(texts[0]):
        return True
    return (
        bool(texts)
        and all(_WORD.fullmatch(text) for text in texts)
        and not _UUID.fullmatch("-".join(texts))
        # It would look like the id of a record without a key.
        and not (len(texts) == 1 and _DIGEST.fullmatch(texts[0]))
    )


def _with_digest(texts: Sequence[str], digits: str) -> str:
    words = (_NO_WORD.sub("_", text[:MAX_LENGTH]) for text in texts if text)
    readable = "-".join(words)[: MAX_LENGTH - len("--") - len(digits)].rstrip("-")
    return f"{readable or '_'}--{digits}"
