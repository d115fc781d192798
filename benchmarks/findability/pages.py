"""Perl's FAQ and manual pages as articles with HTML bodies, in the shapes that help centres give them."""

from __future__ import annotations

import gzip
import html
import re
import subprocess
from collections.abc import Iterator
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

from benchmarks.findability.archive import Archive, fields
from benchmarks.findability.items import Item, Set, drawn
from destination_dust.mapping.documents.document import DocumentShape

MANUALS = ("manpages", "git-man", "systemd")
FAQ_CHOSEN = DocumentShape(title_field="section", text_fields=("section", "body"), text_format="markdown")
MANUAL_CHOSEN = DocumentShape(title_field="title", text_fields=("title", "body"), text_format="markdown")
FEWEST_WORDS = 60
# Long, but not so long that few fit into the time.
MANUAL_WORDS = range(450, 1501)


def faq(archive: Archive, count: int) -> Set:
    """Answers of Perl's FAQ, without titles: each one's question is held out."""
    items: list[Item] = []
    for page in sorted(archive.unpacked("perl-doc").glob("usr/share/perl/*/pod/perlfaq[1-9].pod")):
        items += _answers(archive, page.stem, page.read_text("utf-8", "replace"))
    return Set("Perl's FAQ", drawn(items, count), FAQ_CHOSEN)


def manual(archive: Archive, count: int) -> Set:
    """Manual pages, without the line that says in a few words what each is about."""
    items: list[Item] = []
    for package in MANUALS:
        facts = fields(archive.cache("show", "--no-all-versions", package).strip())
        for page in sorted(archive.unpacked(package).glob("usr/share/man/man[15678]/*.gz")):
            if not page.is_symlink() and (item := _manual_page(archive, page, package, facts)):
                items.append(item)
    return Set("manual pages", drawn(items, count), MANUAL_CHOSEN)


def _answers(archive: Archive, document: str, pod: str) -> Iterator[Item]:
    (about,) = re.findall(r"=head1 NAME\s+\S+ - (.*)", pod)
    (version,) = re.findall(r"version ([\d.]+)", pod)[:1]
    section = None
    for position, part in enumerate(re.split(r"(?m)^(?==head[12] )", pod)):
        heading = re.match(r"=head([12]) (.*?)\n(.*)", part, re.DOTALL)
        if heading and heading[1] == "1":
            section = heading[2]
        elif heading:
            question = re.sub(r"[A-Z]<+\s?(.*?)\s?>+", r"\1", " ".join(heading[2].split()))
            man = subprocess.run(["pod2man"], input=f"=pod\n\n{heading[3]}".encode(), capture_output=True).stdout
            body = _html(archive, man, "-mman")
            if len(_words(body)) >= FEWEST_WORDS:
                number = int(document[-1])
                record = {
                    "id": f"{document}-{position}",
                    "guid": md5(part.encode()).hexdigest(),
                    "faq_id": number,
                    "position": position,
                    "status": "published",
                    "language": "en",
                    "category": {"id": number, "name": about, "slug": document},
                    "section": section,
                    "version": version,
                    "char_count": len(heading[3]),
                    "updated_at": "2022-04-21T00:00:00Z",
                    "url": f"https://perldoc.perl.org/{document}",
                    "body": body,
                }
                yield Item(question, record)


def _manual_page(archive: Archive, page: Path, package: str, facts: dict[str, str]) -> Item | None:
    source = gzip.decompress(page.read_bytes())
    body = _html(archive, source)
    name = re.search(r'<section class="Sh">\s*<h1 class="Sh" id="NAME">.*?</section>', body, re.DOTALL)
    said = name and re.match(r".+?\s+[-\u2013\u2014]+\s+(.+)", " ".join(_plain(name[0]).replace("NAME", "", 1).split()))
    if not name or not said or len(_words(said[1])) < 4:
        return None
    summary, body = said[1], body.replace(name[0], "")
    if summary.lower() in _plain(body).lower() or len(_words(body)) not in MANUAL_WORDS:
        return None
    title, section = page.name.removesuffix(".gz").rsplit(".", 1)
    digest = sha256(source).hexdigest()
    maintainer, _, address = facts["Maintainer"].removesuffix(">").partition(" <")
    record: dict[str, Any] = {
        "id": int(digest[:11], 16),
        "html_url": f"https://manpages.debian.org/bookworm/{package}/{title}.{section}.en.html",
        "author": {"name": maintainer, "email": address},
        "comments_disabled": True,
        "draft": False,
        "promoted": False,
        "position": 0,
        "vote_sum": 0,
        "section_id": int(section[0]),
        "name": f"{title}({section})",
        "title": f"{title}({section})",
        "source_locale": "en-us",
        "locale": "en-us",
        "outdated": False,
        "label_names": [package, facts["Section"], facts["Priority"]],
        "package": {"name": package, "version": facts["Version"], "installed_size": int(facts["Installed-Size"])},
        "content_hash": digest,
        "body": body,
    }
    return Item(summary, record)


def _html(archive: Archive, source: bytes, *options: str) -> str:
    mandoc = archive.unpacked("mandoc") / "usr" / "bin" / "mandoc"
    link = "man=https://manpages.debian.org/bookworm/%N.%S.en.html"
    made = subprocess.run(
        [mandoc, *options, "-Thtml", "-O", f"fragment,{link}"], input=source, capture_output=True
    ).stdout.decode("utf-8", "replace")
    return re.sub(r'<table class="(?:head|foot)">.*?</table>', "", made, flags=re.DOTALL).strip()


def _plain(body: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def _words(body: str) -> list[str]:
    return re.findall(r"\w+", _plain(body))
