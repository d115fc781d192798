"""A page to look at: what the local Dust holds."""

from __future__ import annotations

from html import escape

from integration_tests.stand_in.world import World

SHOWN = 100


def page(world: World) -> str:
    documents = list(world.documents().values())
    tables = world.tables()
    rows = "".join(
        f"<tr><td>{escape(d.document_id)}<td>{escape(d.title)}<td>{escape(', '.join(d.tags))}<td>{escape(d.text[:200])}"
        for d in documents[-SHOWN:][::-1]
    )
    lines = "".join(f"<tr><td>{escape(i)}<td>{table.row_count}<td>{table.pending}" for i, table in tables.items())
    return f"""<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Stand-in Dust</title><style>body{{font:14px sans-serif}}td,th{{text-align:left;padding:.2em 1em}}</style>
<h1>Stand-in Dust</h1><p>{len(world.arrivals)} requests, {len(documents)} documents, {len(tables)} tables</p>
<h2>Documents (the last {SHOWN})</h2><table><tr><th>id<th>title<th>tags<th>text{rows}</table>
<h2>Tables</h2><table><tr><th>id<th>rows<th>pending requests{lines}</table></html>"""
