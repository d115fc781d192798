"""HTML as readable text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.documents.html import html_text, readable


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Printers</h1><p>Turn it <b>off</b>,<br>then <em>on</em>.</p>", "## Printers\n\nTurn it off,\nthen on."),
        ("<h6>Deep</h6><h2> </h2><p>text</p>", "###### Deep\n\ntext"),
        ("<p>one\n   two</p>\n\n\n<p>&nbsp;</p><div><div>three</div></div>", "one two\n\nthree"),
        ("a<b>b</b>c <i>d</i>", "abc d"),
        ("<ul><li>a</li><li><p>b</p><p>c</p></li></ul>d", "- a\n- b\nc\n\nd"),
        ("<ul><li>a<ul><li>b</li></ul></li><li></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<p>Then:</p><ol><li>a</li><li>b<ul><li>x</li></ul></li><li>c</li></ol>", "Then:\n\n1. a\n2. b\n  - x\n3. c"),
        ("<table><tr><th>A</th><th>B</th></tr><tr><td><p>1</p></td><td>2</td></tr></table>", "A | B\n1 | 2"),
        ("<table><tr><td>A</td><td></td><td>C</td></tr></table>", "A |  | C"),
        ("<table><tr><td></td><td><p>Dear Ann,</p><p>bye</p></td></tr></table>", "Dear Ann,\nbye"),
        ("<dl><dt>Name</dt><dd>Ann</dd></dl>", "Name\nAnn"),
        (
            "<p>Run:</p><pre><code>if a &lt; b:\n    c  d\n</code></pre>ok",
            "Run:\n\n```\nif a < b:\n    c  d\n```\n\nok",
        ),
        ("<pre>a<br>b<div>c</div></pre>", "```\na\nb\nc\n```"),
        ("<pre> </pre>x", "x"),
        ('See <a href="https://x/?a=1&b=2">the guide</a>.', "See the guide."),
        ('<p>x <img src="x" alt="A &quot;map&quot;"> <img src="y" data-alt="no"><img alt=\'z\'></p>', 'x A "map" z'),
        ("caf&eacute; &lt;b&gt; &amp;amp; &#8364; &#x20AC; AT&T", "café <b> &amp; € € AT&T"),
        ("<style>p{}</style>a<script>if (a<b) c()</script><!-- <p>no</p> -->b<svg><title>x</title></svg>", "ab"),
        ("<html><head><title>t</title></head><body><header>x</header></body></html>", "x"),
        ("<ac:parameter ac:name='language'>sql</ac:parameter><p><![CDATA[a <b> & c]]></p>", "a <b> & c"),
        ('<p title="a > b <i>">text</p>', "text"),
        ("<!DOCTYPE html><?xml version='1.0'?><![endif]>text", "text"),
    ],
)
def test_html_is_written_as_text(html: str, text: str) -> None:
    """Headings, lists, tables, code, the texts of links and images, entities; nothing of what pages do not show."""
    assert text == html_text(html)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>a <b>b <i>c <p>d", "a b c d"),
        ("</div></p>a</b>", "a"),
        ('<a href="x>a</a> b <p class="y">c</p>', "a b c"),
        ("a <!-- b <p>c</p>", "a b c"),
        ("a <script> b", "a b"),
        ("a <![CDATA[ b", "a b"),
        ("<pre>a", "``` a ```"),
        ("a < b <c", "a < b <c"),
        ("a <1> b </> c", "a <1> b </> c"),
        ("<li>a<td>b<tr>c</table></ul>d", "- a | b c d"),
        ("a &#" + "9" * 5000 + "; b &#xFFFFFFFFFFF;", "a \ufffd b \ufffd"),
        ("&#0;&#xD800;&nosuch; a", "\ufffd\ufffd&nosuch; a"),
    ],
)
def test_broken_html_keeps_its_words(html: str, words: str) -> None:
    """What is never closed hides nothing."""
    assert words == " ".join(html_text(html).split())


_PIECES = (
    "<a ",
    '<a b="',
    "<p",
    "<!--",
    "<script>",
    "<![CDATA[",
    "<pre>",
    "<ul><li>",
    "<table><tr><td>x",
    "&#",
    "<a b='\"",
)


class Searched(str):
    """A text that counts how often it is searched to its end."""

    __slots__ = ("searches",)

    def find(self, *arguments: Any) -> int:
        """Count a search."""
        self.searches = getattr(self, "searches", 0) + 1
        return super().find(*arguments)


@pytest.mark.parametrize(("piece", "kept"), [("<a ", True), ("<a b='\"", True), ("<script>", False), ("&#9", False)])
def test_hostile_html_takes_linear_time(piece: str, kept: bool) -> None:
    """Megabytes: what looks ahead from each of these again takes hours, as the standard library's parser did."""
    hostile = (piece * (5_000_000 // len(piece) if kept else 300_000)).strip()

    assert (hostile if kept else "") == html_text(hostile)


@pytest.mark.parametrize("piece", ["<!--", "<![CDATA["])
def test_an_end_that_does_not_exist_is_looked_for_once(piece: str) -> None:
    """However often its beginning comes."""
    text = Searched(piece * 1000)

    html_text(text)
    assert 1 == text.searches


def test_a_row_of_empty_cells_stays_short() -> None:
    """Though each of them asks for a divider."""
    assert len(html_text("<table><tr><td>x" + "<td>" * 100_000 + "y")) < 200


@given(
    st.lists(st.sampled_from([*_PIECES, "</p>", "</pre>", "-->", "]]>", ">", "/>", "\n", " ", "w", "</table>", "<h1>"]))
)
def test_no_html_is_too_odd(pieces: list[str]) -> None:
    """It gives a text without blanks at its ends, whatever the tags."""
    text = html_text("".join(pieces))

    assert text == text.strip()
    assert "".join(pieces).count("w") >= text.count("w")


def test_texts_that_are_not_html_are_left_alone() -> None:
    """Character by character."""
    assert "a <b>\n c &amp;" == readable("a <b>\n c &amp;")
    assert "c &" == readable("<p>c &amp;</p>")
