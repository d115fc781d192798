"""How deeply JSON may be nested, and what is read of JSON that is nested deeper."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.exact_json import MAX_DEPTH, NotJSON, TooDeep, dumps, loads, readable, shallow
from destination_dust.exact_json.depth import checked

ODD = ["1", "1e400", '"\\ud800"', "NaN", '"]}"', '"[{\\"["']


def nested(levels: int, inner: str) -> bytes:
    """So many lists and objects, one in the other."""
    lists, objects = (levels + 1) // 2, levels // 2
    return (
        ("[" + '{"a":[' * objects + inner + "]}" * objects + "]").encode()
        if lists > objects
        else nested_even(objects, inner)
    )


def nested_even(objects: int, inner: str) -> bytes:
    return ('{"a":[' * objects + inner + "]}" * objects).encode()


@pytest.mark.parametrize("inner", ODD)
@pytest.mark.parametrize("levels", [MAX_DEPTH - 1, MAX_DEPTH])
def test_the_deepest_values_are_read_and_written(levels: int, inner: str) -> None:
    """Whichever reader and writer they take."""
    value = loads(nested(levels, inner))

    assert value == loads(dumps(value)) or inner == "NaN"
    assert readable(value)[0].count("{") == levels // 2 + inner.count("{")


@pytest.mark.parametrize("inner", ODD)
@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 600, 2_000, 100_000])
def test_deeper_ones_are_refused(levels: int, inner: str) -> None:
    """Whichever reader they take, without being shown."""
    with pytest.raises(TooDeep, match=r"^\d+ bytes that are nested too deeply$") as caught:
        loads(nested(levels, inner))

    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_many_lists_are_not_deep() -> None:
    """Only levels count."""
    text = json.dumps([[[{"a": [number]}] for number in range(1_000)], "[" * 1_000]).encode()

    assert json.loads(text) == loads(text)


@pytest.mark.parametrize("inner", ODD)
@pytest.mark.parametrize("levels", [0, 1, MAX_DEPTH, MAX_DEPTH + 1, MAX_DEPTH + 2, 5_000])
def test_what_is_not_too_deep_can_be_read(levels: int, inner: str) -> None:
    """Null takes the place of each deeper value, in several places."""
    deep = nested(levels, inner) if levels else inner.encode()
    text = b'{"type":"RECORD","a":' + deep + b',"b":[' + deep + b',"]"],"c":"end"}'
    kept = shallow(text)

    value = checked(kept, loads(kept))
    assert ("RECORD", "end") == (value["type"], value["c"])
    assert value == loads(text) if levels < MAX_DEPTH - 1 and inner != "NaN" else True


@given(st.recursive(st.text('a"[]{}\\\\'), lambda inner: st.lists(inner) | st.dictionaries(st.text('"{}'), inner)))
def test_a_text_that_is_shallow_stays_as_it_is(value: object) -> None:
    """Brackets and quotes in texts and names are none."""
    text = json.dumps(value).encode()

    assert text == shallow(text)


@pytest.mark.parametrize("text", [b"[" * 400, b"]" * 400, b"[" * 400 + b"}" * 400, b'["' + b"]" * 400, b"[{]}"])
def test_lists_and_objects_must_end(text: bytes) -> None:
    """In the right order, also at levels that are not read."""
    with pytest.raises(NotJSON):
        shallow(text)
