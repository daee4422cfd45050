"""One spelling for every text, and no character that a reader cannot see."""

from __future__ import annotations

import unicodedata

from outputs_check.parsers.parsed import Refusal

# Cf has the bidirectional controls and the zero-width characters; Co and Cn have no agreed look.
_UNSEEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
# Category Lo or Mn, yet drawn as nothing: Hangul fillers, combining grapheme joiner, variation selectors.
_BLANK = {0x115F, 0x1160, 0x3164, 0xFFA0, 0x034F, 0x2800, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
_LAYOUT = {"\n", "\t"}
_WIDE_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def decoded(data: bytes) -> str:
    """Return the canonical text of UTF-8 bytes, without a byte order mark.

    Raises:
        Refusal: as `text_of` and `canonical`.
    """
    return canonical(text_of(data))


def text_of(data: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises:
        Refusal: another encoding, by its name where its mark tells.
    """
    wide = next((name for mark, name in _WIDE_MARKS.items() if data.startswith(mark)), None)
    try:
        if wide is None:
            return data.decode("utf-8-sig")
        reason = f"the file is {wide}"
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8"
    raise Refusal("file.encoding", reason, 'save the file as UTF-8 text (encoding="utf-8")')


def canonical(text: str) -> str:
    """Return a text in NFKC with line feeds.

    Raises:
        Refusal: control, bidirectional, zero-width and unassigned characters
        (rulebook, "Files": csv, tsv; md, txt, log).
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.isascii() and line.isprintable():
            continue
        for character in line:
            if character not in _LAYOUT and _unseen(character):
                _refuse(character, number)
    return unicodedata.normalize("NFKC", text)


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or ord(character) in _BLANK


def _refuse(character: str, line: int) -> None:
    name = unicodedata.name(character, "a control character")
    raise Refusal(
        "file.characters",
        f"line {line} has U+{ord(character):04X} ({name.lower()}), which a reader cannot see",
        "remove control, bidirectional and zero-width characters",
    )
