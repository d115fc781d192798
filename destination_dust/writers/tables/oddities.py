"""What the log says, at the end of a sync, of rows that differ from their records."""

from __future__ import annotations

import logging

from destination_dust.airbyte.messages import StreamKey
from destination_dust.mapping.tables.cells import Difference
from destination_dust.mapping.tables.differences import changed_types, differences, listed, renamed
from destination_dust.mapping.tables.rows import RowEncoder

logger = logging.getLogger("airbyte")


def log_oddities(stream: StreamKey, encoder: RowEncoder) -> None:
    """Log where Dust holds something other than the records of a stream, and in which columns."""
    for odd, line in differences(encoder.columns):
        # Blanks become null nearly everywhere, and few will miss them.
        logger.log(logging.INFO if odd is Difference.BLANK else logging.WARNING, "Stream %s: %s", stream, line)
    for line in changed_types(encoder.columns, encoder.existing):
        logger.warning("Stream %s: %s", stream, line)
    for field, name, other in encoder.moved():
        logger.warning(
            "Stream %s: the values of the field %s go to the column %s. The table also has the column %s, "
            "which may hold its earlier values: the tags that would say so are gone.",
            stream,
            field,
            name,
            other,
        )
    names = renamed({field: column for field, column in encoder.columns.items() if not column.declared})
    if names:
        logger.info("Stream %s: columns of fields that the catalog lacks: %s.", stream, listed(names))
