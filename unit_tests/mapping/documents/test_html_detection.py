"""HTML is told from texts that merely contain tags or `<`."""

import pytest

from destination_dust.mapping.documents.html_detection import is_html

README = '<p align="center">\n<img src="logo.png">\n</p>\n\n# Title\n\nText with <b>tags</b>.\n\n## Use\n\nMore.\n'


@pytest.mark.parametrize(
    "text",
    [
        "<p>Hello</p>",
        " \n<div class='a'>Hello</div>",
        "<!DOCTYPE html><html><body>x</body></html>",
        "<b>Note</b>: read this",
        "Hello,<br>it burns.<br/>Ann",
        "Thank you all.<p>I&#x27;ll keep writing.",
        'See <a href="https://x">the guide</a>, please',
        "Hello<ul><li>a</li><li>b</li></ul>",
        "<p>Wrapped\nat\nthe\nmargin\nby\nan\neditor</p>",
        "<ac:structured-macro ac:name='info'><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>",
        "<style>p { margin: 0 }</style><p>x</p>",
        "<p>Shell:</p><pre># one\n# two\n```</pre>",
        "<p>安装打印机</p>",
    ],
)
def test_html_is_recognised(text: str) -> None:
    """Tags make its lines."""
    assert is_html(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "if a < b and c > d",
        "List<String>, Map<String, Integer>",
        "Ann <ann@example.com> wrote: see <https://example.com/>",
        "Use <br> for line breaks and <p> for paragraphs",
        "use <b> for bold",
        "<html> is the root",
        "<not a tag>",
        "<?xml version='1.0'?><a><b>x</b></a>",
        "Dear all,\n\nuse <p>x</p> here\nthanks\n",
        "# Title\n\nText<br>\nmore <b>text</b>\n\n- a\n- b\n",
        "| a | b |\n|---|---|\n| x<br>y | z |\n| 1 | 2 |\n",
        README,
        "<details>\n<summary>Log</summary>\n\n```\na\n```\n\n```\nb\n```\n</details>",
    ],
)
def test_other_texts_are_not(text: str) -> None:
    """Or their line breaks, or parts of them, would be lost."""
    assert not is_html(text)


def test_only_the_beginning_decides() -> None:
    """However long the text is."""
    assert is_html("<p>x</p>" * 1_000_000)
    assert not is_html("x\n" * 1_000_000 + "<p>x</p>" * 10)
