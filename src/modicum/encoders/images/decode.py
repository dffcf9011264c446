"""Image files to pictures in RGB, upright, 8 bits a channel: whatever cameras, scanners and web pages leave behind."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from modicum.core.records import refusal

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "ICO")
"""Pixels only, told by their first bytes: formats that run programs when they are opened, such as EPS, are left out."""
PIXELS = 178_956_970
"""Pixels beyond which an image is refused; the decoder's own limit."""
DRAFT = 4096
"""Pixels a side to which a larger JPEG may be halved while it is decoded."""
ELONGATION = 16
"""Sides in a longer relation are cut about the middle, since models scale the shorter side up to their size."""
WHITE = (255, 255, 255, 255)


def decode(file: str) -> Image.Image:
    """The picture in a file: the first frame, upright as its EXIF data say, on white where it is transparent.

    16-bit and floating-point channels are scaled to 8 bits: the former by their full range, the latter from their
    lowest value to their highest.

    Raises:
        InputError: The file is not there, is no image of a known format, is broken, or holds too many pixels.
    """
    if not Path(file).is_file():
        raise refusal(file, "is not there; correct the name or remove the row")
    try:
        with Image.open(file, formats=_formats()) as image:
            if image.width * image.height > PIXELS:
                raise Image.DecompressionBombError
            image.draft("RGB", (DRAFT, DRAFT))
            image.load()
            with suppress(Exception):  # broken EXIF data are no reason to refuse the pixels
                ImageOps.exif_transpose(image, in_place=True)
            return _slim(_rgb(image))
    except Image.DecompressionBombError as error:
        reason = f"holds more than {PIXELS // 1_000_000} million pixels, too many to be decoded; scale it down"
        raise refusal(file, reason) from error
    except UnidentifiedImageError as error:
        reason = f"is not an image that can be read ({', '.join(FORMATS[:7])} and the like); convert or remove it"
        raise refusal(file, reason) from error
    except Exception as error:  # what the decoder raises on broken files is not documented
        told = " ".join(str(error).split()) or type(error).__name__
        raise refusal(file, f"is truncated or damaged ({told}); copy it again, or remove it") from error


@cache
def _formats() -> tuple[str, ...]:
    """The formats of the list that this build of the decoder knows."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, WHITE), layer).convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, posinf=0, neginf=0)
    low, high = values.min(), values.max()
    if values.dtype.kind in "iu" and low >= 0 and high <= 65_535:
        return Image.fromarray((values // 257).astype(np.uint8))
    scale = 255 / max(float(high) - float(low), 1e-30)
    return Image.fromarray(((values - np.float32(low)) * np.float32(scale)).astype(np.uint8))


def _slim(image: Image.Image) -> Image.Image:
    width, height = (min(side, ELONGATION * other) for side, other in (image.size, image.size[::-1]))
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
