"""Types that are refused, each with its reason and, where that is cheap, with what the file carries.

Rulebook, "Files". Nothing here is opened as what it is: no script runs, nothing is unpickled or unpacked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from typing import NoReturn

from outputs_check.parsers.parsed import Refusal
from outputs_check.parsers.zips import zip_names

_TABLE = "submit the table as csv"
_CHART = "save the chart with Figure.savefig as png, and declare its source table"
_TEXT = "submit the text as md or txt, each table as csv"
_MOST = 10


class _Markup(HTMLParser):
    """Counts what a page carries beside its text; reads from tag to tag, so depth costs nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ELEMENTS:
            self.found[_ELEMENTS[tag]] += 1
        for name, value in attrs:
            content = (value or "").strip().lower()
            self.found["data URIs"] += content.startswith("data:") or "url(data:" in content
            self.found["event handlers"] += name.startswith("on") or content.startswith("javascript:")
            self.found["styles"] += name == "style"
            self.found["hidden elements"] += name == "hidden" or "display:none" in content.replace(" ", "")
            self.found["embedded JSON"] += name == "type" and "json" in content
            self.found["links to other places"] += name in {"href", "src", "xlink:href"} and "://" in content
        self.found["paths with coordinates"] += tag in {"path", "polyline", "polygon", "circle", "use"}

    def handle_comment(self, data: str) -> None:
        self.found["comments"] += 1


_ELEMENTS = {
    "script": "scripts",
    "style": "styles",
    "iframe": "frames",
    "object": "embedded objects",
    "embed": "embedded objects",
    "foreignobject": "foreign objects",
    "template": "hidden elements",
    "img": "images",
    "image": "images",
    "table": "tables",
    "metadata": "metadata",
}


def in_markup(data: bytes) -> list[str]:
    """Name what a page or an svg carries: scripts, comments, data URIs, chart specifications."""
    text = data.decode("utf-8", "replace")
    markup = _Markup()
    markup.feed(text)
    markup.close()
    markup.found["Plotly charts with their data"] += len(re.findall(r"Plotly\.(newPlot|react)", text))
    markup.found["Vega charts with their data"] += len(re.findall(r"vegaEmbed|vega\.github\.io/schema", text))
    return [f"{number} {name}" for name, number in markup.found.items() if number]


def in_pdf(data: bytes) -> list[str]:
    """Name the actions and attachments of a PDF, as far as its objects are not compressed."""
    names = {
        rb"/(JavaScript|JS)\b": "JavaScript",
        rb"/EmbeddedFiles?\b": "embedded files",
        rb"/(OpenAction|AA|Launch)\b": "actions",
        rb"/AcroForm\b": "a form",
        rb"/RichMedia\b": "media",
        rb"/ObjStm\b": "compressed objects",
        rb"/Encrypt\b": "encryption",
    }
    return [name for pattern, name in names.items() if re.search(pattern, data)]


def in_archive(data: bytes) -> list[str]:
    """Name the first entries of an archive or an office document."""
    names = zip_names(data)
    shown = [repr(name[:60]) for name in names[:_MOST]]
    return [*shown, f"{len(names) - _MOST} more"] if len(names) > _MOST else shown


_Look = Callable[[bytes], Iterable[str]]


def refuse(what: str, remedy: str, look: _Look | None, data: bytes) -> NoReturn:
    """Refuse a file, naming what is seen in it."""
    found = list(look(data)) if look else []
    held = f"; it holds {', '.join(found)}" if found else ""
    raise Refusal("file.type", f"{what} is refused{held}", remedy)


# What it is called, the suffixes, what to do instead, and how to name what is in it.
REFUSED: tuple[tuple[str, str, str, _Look | None], ...] = (
    ("a page of HTML", "html htm xhtml mhtml", f"{_TABLE}, the chart as png", in_markup),
    ("an SVG image, whose path coordinates are its data,", "svg svgz", _CHART, in_markup),
    ("a PDF", "pdf", f"{_TEXT}, each chart as png", in_pdf),
    ("a vector or page image", "eps ps emf wmf", _CHART, None),
    ("an image of another type than png and jpg", "gif tif tiff bmp webp ico", _CHART, None),
    ("an office document", "docx docm odt pptx pptm odp", _TEXT, in_archive),
    ("a workbook that may hold macros or old formats", "xlsm xlsb xltx xltm xls ods", _TABLE, in_archive),
    ("an old office document", "doc ppt rtf", _TEXT, None),
    ("a pickle, which is a program and never loaded,", "pkl pickle p joblib dill pt pth", _TABLE, None),
    ("a NumPy array", "npy npz", _TABLE, in_archive),
    ("a file of HDF5", "h5 hdf5 hdf", _TABLE, None),
    ("a database", "sqlite sqlite3 db duckdb mdb accdb", _TABLE, None),
    ("data of R", "rdata rda rds", _TABLE, None),
    ("data of Stata", "dta", _TABLE, None),
    ("data of SPSS", "sav zsav por", _TABLE, None),
    ("data of SAS", "sas7bdat xpt", _TABLE, None),
    ("a table of another format", "orc avro arrows", _TABLE, None),
    ("an archive", "zip tar gz tgz bz2 xz 7z rar zst lz4 jar whl", "submit every file by itself", in_archive),
    ("a program", "py r do sps sas sql sh ps1 bat js exe dll so bin", "submit the notebook as ipynb", None),
    ("XML", "xml", _TABLE, None),
)
