"""Which parser reads a file: the suffix says what it claims to be, the first bytes must agree."""

from __future__ import annotations

from collections.abc import Callable

from outputs_check.parsers.parsed import Parsed, Refusal

DECLARATION = "submission.toml"

# Rulebook, "Files": what is not on the list is refused; these are named so that the reason is clear.
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"(\xb5/\xfd", "zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"%PDF", "pdf"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "feather"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\xd0\xcf\x11\xe0", "old office document"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\x7fELF", "program"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
)
_SUFFIXES = {
    ".csv": "table", ".tsv": "table", ".png": "png", ".jpg": "jpg", ".jpeg": "jpg",
    ".md": "text", ".txt": "text", ".log": "text", ".ipynb": "notebook",
}  # fmt: skip


def parse(name: str, data: bytes) -> Parsed:
    """Read one file by its suffix, where its first bytes agree; otherwise say why not."""
    try:
        return _parser(name, data)(data)
    except Refusal as refusal:
        return refusal.refused


def _parser(name: str, data: bytes) -> Callable[[bytes], Parsed]:
    # Imported late: the worker is started for every submission, and most need two of these.
    from outputs_check.parsers import tables, texts

    suffix = "." + name.rpartition(".")[2].lower() if "." in name else ""
    found = next((kind for magic, kind in _MAGIC if data.startswith(magic)), "text")
    claimed = "text" if name == DECLARATION else _SUFFIXES.get(suffix)
    if claimed is None:
        raise Refusal(
            "file.type",
            f"files of the type '{suffix or 'none'}' are refused",
            "submit csv, tsv, png, jpg, md, txt or ipynb",
        )
    if found != ("text" if claimed in {"table", "notebook"} else claimed):
        raise Refusal(
            "file.lying", f"the name says {suffix}, the content is {found}", "give the file its true suffix"
        )
    if name == DECLARATION:
        return texts.parse_declaration
    if claimed == "table":
        delimiter = "\t" if suffix == ".tsv" else ","
        return lambda content: tables.parse_table(content, delimiter)
    if claimed == "text":
        return texts.parse_text
    if claimed == "notebook":
        from outputs_check.parsers import notebooks

        return notebooks.parse_notebook
    from outputs_check.parsers import images

    return images.parse_png if claimed == "png" else images.parse_jpeg
