"""Pictures for summaries: what is none is refused, large ones are made smaller, and nothing the camera wrote stays.

Every picture is drawn anew as JPEG: place, time, device and whatever else lay in the file are gone (ACT-06).
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from banyan.sdk import Invalid, Sniffed, lazy, produced

TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
LARGE, SMALL = 1600, 400
MOST_PIXELS = 80_000_000
NO_PICTURE = lazy("This is not a picture that can be read.")


def drawn_anew(path: Path, name: str, field: str) -> tuple[Sniffed, Sniffed]:
    """The picture at most `LARGE` pixels wide and high, and a small one, each in a temporary file.

    :param name: what people know it by. :raises Invalid: on ``field``: no picture, or more than `MOST_PIXELS`.
    """
    try:
        with _quiet(), Image.open(path, formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Invalid({field: [lazy("This picture has more than 80 million pixels.")]})
            # JPEG is read at a fraction of its size where that is enough: a 60-megapixel photo costs little memory.
            opened.draft("RGB", (LARGE, LARGE))
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((LARGE, LARGE))
            large = _flat(upright)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Invalid({field: [NO_PICTURE]}) from error
    small = large.copy()
    small.thumbnail((SMALL, SMALL))
    return _kept(large, name), _kept(small, name)


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns of large pictures; how large is too large is said here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def _flat(image: Image.Image) -> Image.Image:
    """On white where it was transparent; a new image that carries nothing but its pixels."""
    flat = Image.new("RGB", image.size, "white")
    rgba = image.convert("RGBA")
    flat.paste(rgba, mask=rgba.getchannel("A"))
    return flat


def _kept(image: Image.Image, name: str) -> Sniffed:
    with tempfile.NamedTemporaryFile(suffix=".jpg", delete=False) as target:
        image.save(target, "JPEG", quality=82, optimize=True)
    return produced(Path(target.name), f"{Path(name).stem[:150]}.jpg")
