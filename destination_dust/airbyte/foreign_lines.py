r"""Lines that are not messages: logs of the source, or messages that something altered on their way.

A line counts as a log only if it shows no sign of a message. A RECORD, STATE or TRACE in JSON has to say its type, so
the sign is that word as the value of a key `type`, in whatever quotes: those of JSON, of JSON in a JSON text (`\"`), of
CSV (`""`), of Python, HTML or a URL. Other signs are bytes that no log has: those of an archive, or of UTF-16.

Text, a list or another object around a message is never taken off: what else it holds could be a message, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

ADVICE = "Write one message per line, in UTF-8, with nothing else on that line."

# How files begin that programs write instead of text.
_ARCHIVES = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\0": "xz",
    b"BZh91AY&SY": "bzip2",
    b"PK\x03\x04": "zip",
    b"\x04\x22\x4d\x18": "lz4",
}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BASE64_START = b"eyJ0eXBlI"  # {"type"

_COLOUR = re.compile(rb"\x1b\[[0-9;:?]*[A-Za-z]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_QUOTE = rb"""(?:\\*["'`]|&quot;|&#0*34;|&#x0*22;|%22|\\+u0022|\\+x22)"""
_BLANKS = rb"(?:\s|\\+[tnr]|%20|\+){0,9}"
_COLON = _BLANKS + rb"(?::|%3a|&#58;|\\+u003a)" + _BLANKS
_KEY = rb"(?i:type" + _QUOTE + rb"{0,2}" + _COLON + _QUOTE + rb"{1,2})[ \t]{0,9}"
_TYPE = re.compile(_KEY + rb"(?:RECORD|STATE|TRACE)(?![A-Za-z0-9_])")
_TYPE_IN_ANY_CASE = re.compile(_KEY + rb"(?i:record|state|trace)(?![A-Za-z0-9_])")
_CONTENT = re.compile(rb"(?:record|state|trace)" + _QUOTE + _COLON + rb"[{\[]", re.IGNORECASE)


def sign_of_message(line: bytes) -> str | None:
    """What shows that a line which is no message may hold one, as the end of "Line 7 of the input …"; else None."""
    if problem := _not_text(line):
        return problem
    text = _COLOUR.sub(b"", line)
    if not _says_type(text):
        # The rest of a message whose beginning is on no line: a message closes at least two objects.
        cut = line.endswith(b"}}") and line.count(b"}") > line.count(b"{")
        return "ends like a message, but lacks its beginning" if cut else None
    if line.startswith(b"["):
        return "is a list of messages"
    if line.startswith((b"{", b'"')):
        return "looks like a message inside another object or text"
    return "has text before what looks like a message"


def sign_in_object(message: Mapping[str, Any], line: bytes) -> str | None:
    """The same for a JSON object that is no message: one without a type, or with a type that is not the protocol's."""
    kind = message.get("type")
    word = kind.strip().upper() if isinstance(kind, str) else ""
    if word in ("RECORD", "STATE") or (word == "TRACE" and _holds_object(message, "trace")):
        return f"has a type that is not written {word}, as the protocol demands"
    if _holds_object(message, "record", "data") or _holds_object(message, "state", "stream"):
        if kind is None:
            return "looks like a message without a type"
        return "looks like a message with a type that no message has"
    return "looks like a message inside another object or text" if _says_type(line) else None


def flaw(line: bytes) -> str:
    """Why a line that begins with `{` is not valid JSON, as far as that can be told."""
    if problem := _not_text(line):
        return problem
    text = line.decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return "is not valid JSON"
    if text[end:].lstrip().startswith("{"):
        return "is not valid JSON: it holds two objects"
    return "is not valid JSON: something follows the object"


def _not_text(line: bytes) -> str | None:
    for start, name in _ARCHIVES.items():
        if line.startswith(start):
            return f"looks like a {name} archive: decompress the input first"
    if line.startswith(_UTF16_MARKS) or (_says_type(line.replace(b"\0", b"")) and not _says_type(line)):
        return "looks like UTF-16: convert the input to UTF-8 first"
    if _BASE64_START in line:
        return "looks like Base64: decode the input first"
    if _CONTROLS.search(line) and not is_utf8(line):
        return "is not text: decompress or decode the input first"
    return None


def _says_type(text: bytes) -> bool:
    """Whether some text holds the type of a message. In small letters, which logs use too, it needs the content."""
    if _TYPE.search(text):
        return True
    return bool(_TYPE_IN_ANY_CASE.search(text) and _CONTENT.search(text))


def _holds_object(message: Mapping[str, Any], name: str, field: str | None = None) -> bool:
    content = message.get(name)
    return isinstance(content, Mapping) and (field is None or isinstance(content.get(field), Mapping))


def is_utf8(line: bytes) -> bool:
    """Whether all bytes of a line are UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
