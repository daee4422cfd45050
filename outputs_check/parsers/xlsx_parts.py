"""Which parts a plain workbook has, and what the others are called.

Rulebook, "Files": xlsx. Part names and content types: ECMA-376, "Office Open XML File Formats", parts 1
and 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from outputs_check.parsers.parsed import Refusal

_PLAIN = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(app|core)\.xml|xl/workbook\.xml|xl/_rels/workbook\.xml\.rels"
    r"|xl/styles\.xml|xl/sharedStrings\.xml|xl/theme/theme\d+\.xml|xl/worksheets/sheet\d+\.xml"
)
_NAMED = (
    (re.compile(r"vbaProject|vbaData|macrosheets/|activeX/|ctrlProps/", re.I), "macros or controls"),
    (re.compile(r"pivotCache/|pivotTables/|slicer", re.I), "a pivot table with its cache"),
    (re.compile(r"externalLinks/", re.I), "links to other workbooks"),
    (re.compile(r"threadedComments/|persons/", re.I), "threaded comments"),
    (re.compile(r"comments|vmlDrawing", re.I), "comments"),
    (re.compile(r"^customXml/", re.I), "custom XML"),
    (re.compile(r"^docProps/custom", re.I), "custom properties"),
    (re.compile(r"embeddings/|oleObject", re.I), "embedded objects"),
    (re.compile(r"^xl/model/|connections|queryTables/|dataMashup", re.I), "a data model or connection"),
    (re.compile(r"charts?/|chartsheets/|chartEx", re.I), "charts with a cache of their data"),
    (re.compile(r"media/|thumbnail", re.I), "images"),
    (re.compile(r"drawings/", re.I), "drawings"),
    (re.compile(r"worksheets/_rels/", re.I), "relations of a sheet to other parts"),
    (re.compile(r"calcChain|metadata\.xml", re.I), "formulas"),
)
_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_MACROS = re.compile(r"macroEnabled|vba|binary\.", re.I)


def trees(parts: Mapping[str, bytes]) -> dict[str, Element]:
    """Return the XML of every part.

    Raises:
        Refusal: a part that is no XML, or has a document type or entities.
    """
    found = {}
    for name, content in parts.items():
        try:
            found[name] = fromstring(content, forbid_dtd=True)
        except DefusedXmlException:
            text = f"the part {name[:80]} has a document type or entities"
            raise Refusal("file.entities", text, "save the workbook anew") from None
        except (ParseError, ValueError, LookupError) as error:
            text = f"the part {name[:80]} is no XML: {str(error)[:80]}"
            raise Refusal("file.zip", text, "save the workbook anew") from None
    return found


def surplus(names: list[str]) -> list[str]:
    """Return what a workbook has beside a plain one, in words."""
    found = [_called(name) for name in names if not _PLAIN.fullmatch(name)]
    return list(dict.fromkeys(found))


def _called(name: str) -> str:
    for pattern, words in _NAMED:
        if pattern.search(name):
            return words
    return f"the part {name[:80]!r}"


def relations(parts: Mapping[str, Element]) -> list[str]:
    """Return what the relations and content types tell beside a plain workbook, in words."""
    found = []
    for name, tree in parts.items():
        if name.endswith(".rels") and any(item.get("TargetMode") == "External" for item in tree):
            found.append("links to other files")
    types = [item.get("ContentType", "") for item in parts.get("[Content_Types].xml", ())]
    if _MAIN not in types:
        found.append("another content type than that of a plain workbook")
    if any(_MACROS.search(kind) for kind in types):
        found.append("a content type of macros")
    return found
