"""Where text that comes with HTML tags begins new lines, and with which marks."""

from __future__ import annotations

_PARAGRAPHS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "details",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "main",
        "nav",
        "p",
        "section",
        "summary",
    ]
)
_LINES = frozenset(["br", "dt", "dd", "option"])
_LISTS = frozenset(["ol", "ul", "table"])
_MAX_INDENT = 5
# Enough for dozens of empty cells.
_MAX_DIVIDERS = 100


class Layout:
    """A text that is written piece by piece. What separates two pieces is decided when the second one comes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._gap = ""
        """Stands before the next piece: nothing, a blank, or one or two line breaks."""
        self._mark = ""
        """Begins the next piece: a bullet, the marks of a heading, a divider of cells."""
        self._lists: list[int | None] = []
        """The lists and tables that are open: how many items a numbered list has so far, None for others."""
        self._row_has_text = False
        self._code: list[str] | None = None
        self._code_depth = 0

    def add(self, piece: str) -> None:
        """Add text; outside code, its line breaks are blanks."""
        if self._code is not None:
            self._code.append(piece)
            return
        words = " ".join(piece.split())
        if not words:
            self._widen(" " if piece else "")
            return
        if piece[0].isspace():
            self._widen(" ")
        self._write(words)
        self._gap = " " if piece[-1].isspace() else ""

    def tag(self, name: str, *, closing: bool) -> None:
        """Do what a tag says. Unknown ones say nothing."""
        if name == "pre":
            self._pre(closing)
        elif self._code is not None:
            if name in _LINES or name in _PARAGRAPHS:
                self._code.append("" if closing or "".join(self._code[-1:]).endswith("\n") else "\n")
        elif name in _LISTS:
            self._list(name, closing)
        elif name == "li":
            self._begin("" if closing else self._bullet())
        elif name == "tr":
            self._begin("")
            self._row_has_text = False
        elif name in ("td", "th"):
            self._cell(closing)
        elif len(name) == 2 and name[0] == "h" and name[1] in "123456":
            self._heading(int(name[1]), closing)
        elif name in _PARAGRAPHS:
            self._widen("\n" if self._lists else "\n\n")
        elif name in _LINES and not (closing and name != "br"):
            self._widen("\n")

    def end(self) -> str:
        """Return the whole text."""
        self._end_code()
        return "".join(self._parts).strip()

    def _write(self, words: str) -> None:
        self._parts += [self._gap if self._parts else "", self._mark, words]
        self._gap = self._mark = ""
        self._row_has_text = True

    def _widen(self, gap: str) -> None:
        """Ask for at least this gap. What follows a mark follows it at once."""
        if not self._mark and len(gap) + gap.count("\n") > len(self._gap) + self._gap.count("\n"):
            self._gap = gap

    def _begin(self, mark: str) -> None:
        """Begin a line with a mark."""
        self._mark = ""
        self._widen("\n")
        self._mark = mark

    def _list(self, name: str, closing: bool) -> None:
        self._mark = ""
        if closing and self._lists:
            self._lists.pop()
        self._widen("\n" if self._lists else "\n\n")
        if not closing:
            self._lists.append(0 if name == "ol" else None)

    def _bullet(self) -> str:
        indent = "  " * min(len(self._lists) - 1, _MAX_INDENT)
        if self._lists and (count := self._lists[-1]) is not None:
            self._lists[-1] = count + 1
            return f"{indent}{count + 1}. "
        return f"{indent}- "

    def _cell(self, closing: bool) -> None:
        """Divide cells, unless those before it are empty, as they are where tables make a layout."""
        if not closing and self._row_has_text and len(self._mark) < _MAX_DIVIDERS:
            self._gap = ""
            self._mark += " | "

    def _heading(self, level: int, closing: bool) -> None:
        if closing:
            self._mark = ""
        self._widen("\n" if self._lists else "\n\n")
        if not closing and not self._mark:
            self._mark = "#" * min(level + 1, 6) + " "

    def _pre(self, closing: bool) -> None:
        self._code_depth = max(0, self._code_depth + (-1 if closing else 1))
        if self._code is None and self._code_depth:
            self._code = []
        elif not self._code_depth:
            self._end_code()

    def _end_code(self) -> None:
        """Write code as it stands, in the marks that Markdown has for it."""
        code = "\n".join(line.rstrip() for line in "".join(self._code or ()).split("\n")).strip("\n")
        self._code = None
        if code:
            self._mark = ""
            self._widen("\n\n")
            self._write(f"```\n{code}\n```")
            self._widen("\n\n")
