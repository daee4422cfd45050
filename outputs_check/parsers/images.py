"""png and jpg: decoded to pixels and encoded anew, so that nothing but the picture goes on.

Rulebook, "Files": png, jpg. What the pixels themselves hide (steganography) cannot be excluded.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterator

from PIL import Image

from outputs_check.parsers import limits
from outputs_check.parsers.parsed import Note, ParsedImage, Refusal

_PNG_PIXELS = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"sBIT", b"bKGD",
}  # fmt: skip
# What savefig and other tools write into every picture, which says nothing of its content.
_SOFTWARE = re.compile(rb"Software\0[\w .,:;/()+-]{1,100}", re.ASCII)
_REMEDY = "save the chart anew with Figure.savefig"


def parse_png(data: bytes) -> ParsedImage:
    """Decode a PNG and encode it anew; name the chunks that are left behind.

    Raises:
        Refusal: broken, several frames, too many pixels, bytes behind its end, which no plotting tool
        leaves there (rulebook, "What fooled the best peer": a PNG with a CSV appended).
    """
    notes: list[Note] = []
    end = len(data)
    for name, content, position in _png_chunks(data):
        if name in {b"acTL", b"fcTL", b"fdAT"}:
            raise Refusal("file.frames", "the image has several frames", _REMEDY)
        if name not in _PNG_PIXELS and not (name == b"tEXt" and _SOFTWARE.fullmatch(content)):
            called = name.decode("ascii", "backslashreplace")
            notes.append(Note("file.hidden", f"dropped the chunk {called} of {len(content)} bytes"))
        if name == b"IEND":
            end = position
            break
    return _rebuilt(data, end, "PNG", notes)


def parse_jpeg(data: bytes) -> ParsedImage:
    """Decode a JPEG and encode it anew; name the segments that are left behind.

    Raises:
        Refusal: as `parse_png`.
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


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    position = 8
    while position + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[position : position + 8])
        position += 12 + length
        if position > len(data):
            break
        yield name, data[position - 4 - length : position - 4], position


def _rebuilt(data: bytes, end: int, kind: str, notes: list[Note]) -> ParsedImage:
    if len(data) > end:
        text = f"{len(data) - end:,} bytes stand after the end of the image"
        raise Refusal("file.trailing", text, _REMEDY)
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
    options = {"quality": 95} if kind == "JPEG" else {"compress_level": 6}
    fresh.save(buffer, format=kind, **options)
    return ParsedImage(buffer.getvalue(), f"image/{kind.lower()}", fresh.width, fresh.height, tuple(notes))
