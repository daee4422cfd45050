"""One spelling for every text, and no character that a reader cannot see."""

from __future__ import annotations

import unicodedata

from outputs_check.parsers.parsed import Refusal

# Cf has the bidirectional controls and the zero-width characters; Co and Cn have no agreed look.
_UNSEEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
# Category Lo or Mn, yet drawn as nothing: Hangul fillers, combining grapheme joiner, variation selectors.
_BLANK = {0x115F, 0x1160, 0x3164, 0xFFA0, 0x034F, 0x2800, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
_LAYOUT = {"\n", "\t"}


def decoded(data: bytes) -> str:
    """Return the text of UTF-8 bytes in NFKC, with line feeds, without a byte order mark.

    Raises:
        Refusal: other encodings, control, bidirectional, zero-width and unassigned characters
        (rulebook, "Files": csv, tsv; md, txt, log).
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(
            "file.encoding", f"byte {error.start} is not UTF-8", "save the file as UTF-8 text"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), start=1):
        for character in line:
            if character not in _LAYOUT and not character.isascii() and _unseen(character):
                _refuse(character, number)
            if character.isascii() and not character.isprintable() and character not in _LAYOUT:
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
