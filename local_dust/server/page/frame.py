"""The whole page: the requested content in its frame."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from importlib.resources import files
from string import Template

from local_dust.request import Request
from local_dust.response import HTML, Answer
from local_dust.server.page.documents import document_list, whole_document
from local_dust.server.page.markup import Html, element, joined, link
from local_dust.server.page.tables import table_list, whole_table
from local_dust.server.page.window import window_chart
from local_dust.world import World

_SOURCE = files(__package__).joinpath("template.html").read_text("utf-8")
_SCRIPTS = " ".join(
    f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
    for script in re.findall("<script>(.*?)</script>", _SOURCE, re.DOTALL)
)
_TEMPLATE = Template(_SOURCE)
# Even if stored content escaped its place, the browser would not run or fetch it.
_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src {_SCRIPTS}; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(world: World, request: Request) -> Answer:
    """The page for these parameters.

    `?document=ID` and `?table=ID` show one in full, `?view=tables` lists the tables; otherwise the page lists the
    documents that match `q` and `tag`. `page` counts from 0.
    """
    parameters = {name: values[-1] for name, values in request.parameters().items()}
    content = _TEMPLATE.substitute(
        heading=_heading(world),
        window=window_chart(list(world.arrivals), world.limits, world.now()),
        tabs=_tabs(world),
        search=element(
            "input", type="search", name="q", value=parameters.get("q", ""), placeholder="Search the documents"
        ),
        content=_content(world, parameters),
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Answer(200, content.encode("utf-8", "backslashreplace"), HTML, headers)


def _content(world: World, parameters: dict[str, str]) -> Html:
    number = parameters.get("page", "")
    position = int(number) if re.fullmatch("[0-9]{1,9}", number) else 0
    if "document" in parameters:
        return whole_document(world.documents().get(parameters["document"]))
    if "table" in parameters:
        return whole_table(world.tables().get(parameters["table"]), position)
    if parameters.get("view") == "tables":
        return table_list(world.tables().values())
    documents, tables = world.documents(), world.tables()
    if tables and not documents and "view" not in parameters:
        return table_list(tables.values())
    return document_list(
        documents.values(), query=parameters.get("q", ""), tag=parameters.get("tag", ""), number=position
    )


def _heading(world: World) -> Html:
    source = world.data_source
    statuses = Counter("nothing" if arrival.status is None else str(arrival.status) for arrival in world.arrivals)
    answers = ", ".join(f"{count:,} with {status}" for status, count in sorted(statuses.items()))
    place = f"Workspace {world.workspace.name}, space {source.space.name}, folder {source.name}"
    requests = f"{len(world.arrivals):,} requests" + (f", answered: {answers}" if answers else "")
    return joined(element("p", place), element("p", requests, class_="facts"))


def _tabs(world: World) -> Html:
    return joined(
        link(f"Documents ({len(world.documents()):,})", view="documents"),
        link(f"Tables ({len(world.tables()):,})", view="tables"),
    )
