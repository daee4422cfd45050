"""png and jpg: decoded to pixels and encoded anew, so that nothing but the picture goes on.

Rulebook, "Files": png, jpg. What the pixels themselves hide (steganography) cannot be excluded.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator

from PIL import Image

from outputs_check.parsers import limits
from outputs_check.parsers.parsed import Note, ParsedImage, Refusal

_PNG_PIXELS = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"sBIT", b"bKGD",
}  # fmt: skip
_REMEDY = "save the chart anew with Figure.savefig"


def parse_png(data: bytes) -> ParsedImage:
    """Decode a PNG and encode it anew; name the chunks and trailing bytes that are left behind.

    Raises:
        Refusal: broken, several frames, too many pixels.
    """
    notes: list[Note] = []
    end = 8
    for name, end in _png_chunks(data):  # noqa: B007 - where the last chunk ends
        if name in {b"acTL", b"fcTL", b"fdAT"}:
            raise Refusal("file.frames", "the image has several frames", _REMEDY)
        if name not in _PNG_PIXELS:
            notes.append(Note("file.hidden", f"dropped the chunk {name.decode('ascii', 'replace')}"))
        if name == b"IEND":
            break
    return _rebuilt(data, end, "PNG", notes)


def parse_jpeg(data: bytes) -> ParsedImage:
    """Decode a JPEG and encode it anew; name the segments and trailing bytes that are left behind.

    Raises:
        Refusal: broken, several frames, too many pixels.
    """
    notes: list[Note] = []
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != 0xDA:
        marker, length = struct.unpack(">BH", data[position + 1 : position + 4])
        if marker in {0xFE, *range(0xE1, 0xF0)}:
            notes.append(Note("file.hidden", f"dropped a segment of {length} bytes (marker {marker:02X})"))
        position += 2 + length
    # Entropy-coded data never holds FF D9 but as the end of the image.
    end = data.find(b"\xff\xd9", position)
    return _rebuilt(data, len(data) if end < 0 else end + 2, "JPEG", notes)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    position = 8
    while position + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[position : position + 8])
        position += 12 + length
        if position > len(data):
            break
        yield name, position


def _rebuilt(data: bytes, end: int, kind: str, notes: list[Note]) -> ParsedImage:
    if len(data) > end:
        notes.append(Note("file.trailing", f"dropped {len(data) - end} bytes after the end of the image"))
    Image.MAX_IMAGE_PIXELS = limits.MAX_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data[:end]), formats=[kind])
            if getattr(image, "n_frames", 1) != 1:
                raise Refusal("file.frames", "the image has several frames", _REMEDY)
            pixels = image.convert("RGB" if kind == "JPEG" or not image.has_transparency_data else "RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refusal("file.pixels", f"more than {limits.MAX_PIXELS:,} pixels", _REMEDY) from None
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise Refusal("file.image", f"the image cannot be decoded: {error}", _REMEDY) from None
    fresh = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    buffer = io.BytesIO()
    fresh.save(buffer, format="PNG", compress_level=6)
    return ParsedImage(buffer.getvalue(), "image/png", fresh.width, fresh.height, tuple(notes))
