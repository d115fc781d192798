"""What is known of the values of a column: what makes their cells, and which types and differences were seen."""

from __future__ import annotations

from collections import Counter

from destination_dust.mapping.tables.cells import CELLS, TEXT_CELLS, TYPED_AS_SENT, Difference
from destination_dust.mapping.tables.formats import Format
from destination_dust.mapping.tables.type_inference import DustType

# Quotes and colon of a name, and a comma.
NAME_OVERHEAD = len('"":,')
# The type that most values have, by their exact type and what texts are declared to mean.
_PLAIN = {
    (str, None): DustType.TEXT,
    (str, Format.MOMENT): DustType.DATETIME,
    (int, None): DustType.INT,
    (float, None): DustType.FLOAT,
    (bool, None): DustType.BOOL,
}


class Column:
    """One field of a stream: the name of its column, and the types and differences seen in it."""

    __slots__ = ("cells", "declared", "expected", "kinds", "name", "name_bytes", "noted", "odd", "plain", "used")

    def __init__(self, name: str, expected: Format | None, *, declared: bool) -> None:
        self.name = name
        self.name_bytes = len(name) + NAME_OVERHEAD
        self.declared = declared
        self.cells = {**CELLS, str: TEXT_CELLS[expected]}
        """What makes a cell of a value, by the value's exact type. `cell` takes any other."""
        self.expected = expected
        """What its texts mean, None if nothing is declared of that."""
        self.plain: type | None = None
        """The exact type of values that were noted, most of them in need of one look only; see `RowEncoder.encode`."""
        self.used = False
        self.noted: list[DustType] = []
        """Types of cells that need no further note. Of so few, a list finds one sooner than a set."""
        self.kinds: set[DustType] = set()
        """The types Dust will infer, except for texts it misreads (see `odd`)."""
        self.odd: Counter[Difference] = Counter()

    def note(self, kind: DustType, exact: type, odd: Difference | None) -> None:
        """Note a type that none of its values was noted with; `exact`: that of the value, `odd`: how it will differ."""
        if odd in TYPED_AS_SENT:
            self.noted.append(kind)
            self.kinds.add(kind)
            if _PLAIN.get((exact, self.expected if exact is str else None)) is kind:
                self.plain = exact
