"""A record as a text without a setting."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust import exact_json
from destination_dust.mapping.documents.auto import automatic_text, in_order
from destination_dust.mapping.documents.document import Document, DocumentShape, document, upsert_body

AUTO = DocumentShape(text_format="auto")
# Records of real shapes, by the public schemas of sources, with contents that are made up, each beside its text.
SHAPES = sorted((Path(__file__).parent / "shapes").glob("*.json"))
BODY = "The printer on the third floor burns since noon.\nPlease send water."
UUID = "550e8400-e29b-41d4-a716-446655440000"


def made(record: dict[str, Any], shape: DocumentShape = AUTO, **properties: Any) -> Document:
    """The document of a record of the stream tickets."""
    return document(None, "tickets", record, generation=None, emitted_at=1, shape=shape, properties=properties)


def text(record: dict[str, Any], **properties: Any) -> str:
    """The text of its document."""
    return made(record, **properties).text


def test_texts_come_first_then_facts_then_what_machines_read() -> None:
    """In the order of their names, without UUIDs, hashes, tokens and bare URLs, which are named."""
    record = {
        "uuid": UUID,
        "total": 12.50,
        "status": "open",
        "subject": "Printer on fire",
        "raw_subject": "Printer on fire",
        "description": BODY,
        "log": "12:30 GET /a 200\n12:31 GET /b 500",
        "created_at": "2026-01-02T03:04:05Z",
        "author": {"name": "Ann", "email": "ann@example.com", "avatar": "https://example.com/a.png"},
        "html_url": "https://example.com/tickets/7",
    }

    content = made(record)
    assert (
        "# Printer on fire\n\n"
        f"{BODY}\n\n"
        "- author.name: Ann\n- status: open\n\n"
        "## log\n\n12:30 GET /a 200\n12:31 GET /b 500\n\n"
        "- author.email: ann@example.com\n- created_at: 2026-01-02T03:04:05Z\n- total: 12.5\n"
    ) == content.text
    assert ("author.avatar", "html_url", "uuid") == content.omitted
    assert ("text/markdown", "# Printer on fire\n\n") == (content.mime_type, content.prefix)


def test_several_texts_stand_under_their_names() -> None:
    """Those of one field under one; what was said before, as HTML or in a twin of the field, is not said again."""
    record = {
        "title": "T",
        "body": BODY,
        "body_html": "<p>The printer on the third floor burns since noon.</p><p>Please send <b>water</b>.</p>",
        "comments": [{"by": "Ann", "text": f"Yes. {BODY}"}, {"by": "Bob", "text": f"No. {BODY}"}],
    }

    assert (f"# T\n\n## body\n\n{BODY}\n\n## comments\n\nby: Ann\n\nYes. {BODY}\n\nby: Bob\n\nNo. {BODY}\n") == text(
        record
    )


@pytest.mark.parametrize(
    "body",
    [
        "打印机的质量很好。打印速度快。声音也不大。安装的时候遇到了一点问题。不过客服很快就帮我解决了。总的来说我对这次购物很满意。会推荐给朋友。",
        "三階のプリンターから変な音がします。\n電源を入れ直しましたが、直りませんでした。",
        "เครื่องพิมพ์ชั้นสามมีเสียงดังตั้งแต่เช้าวันจันทร์เราลองปิดและเปิดใหม่แล้วแต่ยังไม่หายช่วยส่งช่างมาดูก่อนวันพฤหัสบดีได้ไหม",
    ],
    ids=["Chinese", "Japanese", "Thai"],
)
def test_scripts_without_blanks_are_texts(body: str) -> None:
    """Not long codes."""
    assert f"{body}\n\n- id: 1\n" == text({"id": 1, "body": body, "uuid": UUID})


def test_a_sentence_is_the_text_of_a_record_without_a_longer_one() -> None:
    """A chat message, for example. Beside a longer text it is a fact."""
    message = "Hey, can someone look at the printer?"

    assert f"{message}\n\n- user: ann\n\n- ts: 5\n" == text({"ts": 5, "text": message, "user": "ann", "id": UUID})
    assert f"{BODY}\n\n- note: {message}\n" == text({"note": message, "text": BODY})


def test_a_few_words_are_the_text_where_a_field_is_named_for_it() -> None:
    """A comment, for example, which its source sends three times. Other names need more words."""
    comment = {"id": 1, "body": "Thank you!", "html_body": "<p>Thank you!</p>", "plain_body": "Thank you!", "by": "Ann"}

    assert "Thank you!\n\n- by: Ann\n\n- id: 1\n" == text(comment)
    assert "- id: 1\n- subject_line: Thank you\n" == text({"subject_line": "Thank you", "id": 1})


def test_elements_begin_with_what_people_read() -> None:
    """Their numbers, dates and codes come last."""
    labels = [{"color": "f29513", "id": 5, "name": "bug", "at": "2026-01-02"}]

    assert f"{BODY}\n\n- labels: name: bug, at: 2026-01-02, color: f29513, id: 5\n" == text(
        {"body": BODY, "labels": labels}
    )


def test_a_record_without_texts_is_written_whole() -> None:
    """As Markdown, in the order of names: there is nothing to blur. A blob alone is no text."""
    order = {
        "total": 5,
        "id": UUID,
        "lines": [{"sku": "A", "qty": 2}],
        "name": "#1001",
        "to": {"city": "Rome", "at": None},
    }

    assert (f"# #1001\n\n- id: {UUID}\n- lines:\n  - qty: 2, sku: A\n- to:\n  - city: Rome\n- total: 5\n") == text(
        order
    )
    assert f"## log\n\na_1\nb_2\n\n- id: {UUID}\n" == text({"log": "a_1\nb_2", "id": UUID})
    assert () == made(order).omitted


def test_a_record_without_a_title_has_no_heading() -> None:
    """The name of the stream would say nothing, and is only used where there is nothing else."""
    assert f"{BODY}\n" == text({"body": BODY})
    assert "" == made({"body": BODY}).prefix
    assert "# tickets record\n" == text({})
    assert "# T\n" == text({"title": "T"})


def test_chosen_fields_are_all_there_is_and_made_readable() -> None:
    """Noise included; in the chosen order."""
    shape = DocumentShape(text_format="auto", title_field="title", text_fields=("uuid", "title", "body", "to"))

    content = made({"body": "<p>Hello</p>", "x": 1, "uuid": UUID, "title": "T", "to": {"b": 1, "a": 2}}, shape)
    assert f"# T\n\n- uuid: {UUID}\n- body: Hello\n- to:\n  - a: 2\n  - b: 1\n" == content.text
    assert () == content.omitted


def test_declared_formats_are_known() -> None:
    """By the schemas of fields."""
    assert f"{BODY}\n\n- when: noon\n" == text({"body": BODY, "when": "noon"})
    assert f"{BODY}\n\n- to: Ann\n\n- when: noon\n" == text(
        {"body": BODY, "to": "Ann", "when": "noon"}, when={"format": "time"}
    )


def test_odd_characters_are_cleaned_and_counted() -> None:
    """As in the other formats."""
    content = made({"body": f"{BODY}\0", "b\ud800": "x"})

    assert (f"{BODY}\n\n- b\ufffd: x\n", 2) == (content.text, content.cleaned)
    assert 1 == made({"n": Decimal("NaN")}).cleaned


def test_fields_are_put_in_order_at_any_depth_and_exactly() -> None:
    """Numbers keep their digits."""
    record = {"b": [{"d": 1, "c": 12345678901234567890123}], "a": 1.0}

    assert '{"a": 1.0, "b": [{"c": 12345678901234567890123, "d": 1}]}' == json.dumps(in_order(record), default=int)


NASTY = (
    *(None, True, False, 0, -1, 2**70, 1.5, float("nan"), float("inf"), "", " ", "\0", "\ud800", "\n\n", "x" * 300),
    *("# a\n\n## b", "<p>a</p>", "<a ", "<!--", "<script>", "&#9999999999;", "word " * 50, "打印机 " * 50, "ก" * 90),
    *(UUID, "https://x", "2026-01-02", "a,b|c;d", "- x\n- y", "```\n", "open", "\u202e\u200b\ufeff", "💥" * 70, BODY),
)
NAMES = ("title", "id", "a", "a.b", "", " ", "\n", "\ud800", "url", "名", "_ab_cdc_x", "body", "x" * 300, "0")


def nasty(chance: random.Random, depth: int = 0) -> Any:
    """A value of what sources should not send."""
    kind = chance.random() + depth * 0.12
    if kind < 0.3:
        return {chance.choice(NAMES): nasty(chance, depth + 1) for _ in range(chance.randrange(6))}
    if kind < 0.5:
        return [nasty(chance, depth + 1) for _ in range(chance.randrange(5))]
    return chance.choice(NASTY)


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same value with the fields of its objects in another order."""
    if isinstance(value, list):
        return [shuffled(each, chance) for each in value]
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: shuffled(value[name], chance) for name in names}
    return value


def check(seed: int) -> None:
    """A nasty record makes a document that Dust takes, and the same one in every order of its fields."""
    chance = random.Random(seed)
    record = {chance.choice(NAMES): nasty(chance) for _ in range(chance.randrange(8))}
    content = made(record)
    again = made(shuffled(record, chance))

    assert (content.text, content.fingerprint, content.omitted) == (again.text, again.fingerprint, again.omitted)
    assert content.text.strip()
    assert "\0" not in content.text
    assert content.text.startswith(content.prefix)
    assert len(content.prefix.encode()) <= 240
    json.loads(upsert_body(content))


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_the_order_of_fields_does_not_matter_and_no_record_is_too_nasty(start: int) -> None:
    """Text and fingerprint stay the same."""
    for seed in range(start, start + 100):
        check(seed)


@pytest.mark.long
def test_a_hundred_thousand_nasty_records() -> None:
    """The same, for longer."""
    for seed in range(100_000):
        check(seed)


@given(
    st.recursive(st.none() | st.floats() | st.text(), lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner))
)
def test_any_value_of_a_field_can_be_written(value: Any) -> None:
    """And leaves a text that is valid Unicode."""
    automatic_text("T", {"a": value}, {}).text.encode()


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_records_of_real_shapes_read_well(path: Path) -> None:
    """Read both files when this fails: if the new text is the better one, save it as the expected one."""
    record = exact_json.loads(path.read_bytes())
    stream = path.stem.replace("-", "_")

    content = document(None, stream, record, generation=None, emitted_at=None, shape=AUTO)
    assert path.with_suffix(".md").read_bytes().decode() == content.text


def test_the_shapes_are_twenty() -> None:
    """Tickets, contacts, products, events, issues, pages, chats, invoices and more."""
    assert len(SHAPES) >= 20
