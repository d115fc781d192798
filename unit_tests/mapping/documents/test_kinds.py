"""What a value is to a reader."""

from __future__ import annotations

import pytest

from destination_dust.mapping.documents.kinds import Kind, is_long, kind_of

PROSE = "The printer on the third floor has made a grinding noise since Monday. "


@pytest.mark.parametrize(
    "text",
    [
        PROSE * 3,
        "It burns since noon.\nPlease send water.",
        "Es brennt seit heute früh.\nBitte schicken Sie Wasser!",
        "打印机的质量很好。打印速度快。声音也不大。安装的时候遇到了一点问题。不过客服很快就帮我解决了。总的来说我对这次购物很满意。会推荐给朋友。",
        "三階のプリンターから変な音がします。\n電源を入れ直しましたが、直りませんでした。",
        "เครื่องพิมพ์ชั้นสามมีเสียงดังตั้งแต่เช้าวันจันทร์เราลองปิดและเปิดใหม่แล้วแต่ยังไม่หายช่วยส่งช่างมาดูก่อนวันพฤหัสบดีได้ไหม" * 2,
        "2026-01-02 14:00 打印机坏了。无法打印3页。请尽快派人来处理\n谢谢",
        "प्रिंटर सोमवार से जल रहा है।\nकृपया किसी को भेजें",
        "الطابعة في الطابق الثالث تحترق منذ الظهر\nأرجو إرسال الماء",
    ],
    ids=range(9),
)
def test_texts_are_long_prose_in_any_script(text: str) -> None:
    """Of 200 characters, of fewer where one says more, or of several lines; blanks between words are not needed."""
    assert Kind.TEXT is kind_of(text, "body", None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hey, can someone look at the printer?", Kind.SENTENCE),
        ("无法打印。请尽快派人来处理", Kind.SENTENCE),
        ("open", Kind.FACT),
        ("王小明", Kind.FACT),
        ("John Q. Public, Jr.", Kind.FACT),
        ("l'été", Kind.FACT),
        ("billing,refund,vip", Kind.FACT),
        ("Room 3, Paris", Kind.FACT),
        ("1 Main St\nFloor 3", Kind.FACT),
        ("iPhone 15 Pro Max 256GB", Kind.FACT),
    ],
)
def test_shorter_prose_is_a_sentence_or_a_fact(text: str, kind: Kind) -> None:
    """By its words. An address in two lines is no text."""
    assert kind is kind_of(text, "x", None)


@pytest.mark.parametrize(
    "text",
    [
        "libc6 (>= 2.34), libfoo1 (>= 1.2), " * 10,
        "12:30 GET /a 200\n12:31 GET /b 500",
        "x_1 = y[2]; " * 30,
        '{"a":1}\n{"b":2}',
    ],
    ids=range(4),
)
def test_long_values_that_are_no_prose_are_blobs(text: str) -> None:
    """Logs, code, lists of dependencies."""
    assert Kind.BLOB is kind_of(text, "log", None)


@pytest.mark.parametrize(
    "text",
    [
        *("12.50", "€ 12.50", "-1e5", "+33 1 23 45 67 89", "👍", "3.5 mm", "2026-01-02", "2026-01-02T03:04:05.678Z"),
        *("01/02/2026", "03:04", "ann@example.com", "ORA-00942", "/usr/share/doc/x", "#d73a4a", "1.2.3-4", "A9"),
        *("INV-2026-000123456", "1HGCM82633A004352", "DE89370400440532013000", "GB29NWBK60161331926819"),
        *("1234567890123456789", "how-to-reset-your-password-2", "5.36.0-7+deb12u3", "in_progress", "IPOD2008GREEN"),
        *("20260102T030405Z", "key:value", "partially_refunded", "libn32go21-mipsn32-mips-cross"),
    ],
)
def test_numbers_dates_and_codes_are_for_machines(text: str) -> None:
    """Agents must be able to read them, so they are no noise."""
    assert Kind.MACHINE is kind_of(text, "x", None)


@pytest.mark.parametrize(
    "text",
    [
        "550e8400-e29b-41d4-a716-446655440000",
        "{550E8400-E29B-41D4-A716-446655440000}",
        "550e8400e29b41d4a716446655440000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "https://example.com/a?b=c",
        "gid://shopify/Product/632910392",
        "www.example.com",
        "https://a.example, https://b.example",
        "0015g00000XyZabAAC",
        "cus_NffrFeUfNV2Hib",
        "MDU6SXNzdWUxMjM0NTY3",
        "SGVsbG8gV29ybGQgdGhpcyBpcyBhIHRlc3Q=",
        "data:image/png;base64,iVBORw0KGgo=",
        "x" * 61,
    ],
)
def test_identifiers_and_addresses_for_machines_are_noise(text: str) -> None:
    """UUIDs, hashes, bare URLs, tokens of random letters and digits, and whatever is long without a blank."""
    assert Kind.NOISE is kind_of(text, "x", None)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("order_id", "west", Kind.MACHINE),
        ("orderId", "west", Kind.MACHINE),
        ("link", "see there", Kind.MACHINE),
        ("link", PROSE * 3, Kind.TEXT),
        ("etag", '"31811617"', Kind.NOISE),
        ("content_md5", "abc12345", Kind.NOISE),
        ("token", "ethereum", Kind.MACHINE),
        ("paid", "west", Kind.FACT),
        ("名前", "west", Kind.FACT),
    ],
)
def test_the_name_of_a_field_says_more(name: str, text: str, kind: Kind) -> None:
    """Its last word, if the value is short."""
    assert kind is kind_of(text, name, None)


@pytest.mark.parametrize("declared", ["date", "date-time", "time", "email", "uri", "uuid"])
def test_a_declared_format_says_more(declared: str) -> None:
    """Of a value whose own form does not show it."""
    assert Kind.MACHINE is kind_of("noon", "x", declared)
    assert Kind.FACT is kind_of("noon", "x", "markdown")


def test_a_long_value_is_judged_by_its_beginning() -> None:
    """However long it is, and whatever it consists of."""
    assert Kind.NOISE is kind_of("a1B" * 1000, "x", None)
    assert Kind.BLOB is kind_of("a1B " * 1_000_000, "x", None)
    assert Kind.TEXT is kind_of("word " * 1_000_000, "x", None)
    assert is_long("字" * 70)
    assert not is_long("x" * 200)
