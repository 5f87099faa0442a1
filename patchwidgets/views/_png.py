"""A map as a small PNG, for places that show nothing else; written with the standard library."""

import struct
import zlib

import numpy as np

from patchwidgets.views._chart import ABSENT, UNREACHABLE, Chart, read_chart
from patchwidgets.views.heatmap import Heatmap

STOPS = ("2166ac", "4393c3", "92c5de", "d2e5f1", "f7f7f7", "fbdccb", "f4a582", "d6604d", "b2182b")
"""From the lowest to the highest value; the same as on the page."""

STEPS = 100
WHITE, GREY, HATCH = 2 * STEPS + 1, 2 * STEPS + 2, 2 * STEPS + 3


def picture(heatmap: Heatmap, block: bytes) -> bytes:
    """Return the first metric of a map as PNG: red positive, blue negative, hatched unknown."""
    chart = read_chart(heatmap, block)
    rows, columns = chart.values.shape
    if not rows or not columns:
        return _png(np.full((1, 1), WHITE, dtype=np.uint8))
    width = max(1, min(16, 640 // columns))
    height = max(1, min(12, 640 // rows))
    return _png(_drawn(chart, height, width))


def _drawn(chart: Chart, height: int, width: int) -> np.ndarray:
    share = np.nan_to_num(chart.values / chart.limit)
    cells = np.rint((share + 1) * STEPS).astype(np.uint8)
    cells[np.isnan(chart.values)] = GREY
    cells[chart.status == ABSENT] = WHITE
    pixels = cells.repeat(height, axis=0).repeat(width, axis=1)
    y, x = np.indices(pixels.shape)
    status = chart.status.repeat(height, axis=0).repeat(width, axis=1)
    every = np.where(status == UNREACHABLE, 8, 4)
    pixels[(pixels == GREY) & ((x + y) % every == 0)] = HATCH
    if height > 3 and width > 3:
        pixels[(y % height == height - 1) | (x % width == width - 1)] = WHITE
    return pixels


def _png(pixels: np.ndarray) -> bytes:
    height, width = pixels.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)
    rows[:, 1:] = pixels
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", _palette()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _palette() -> bytes:
    stops = np.array([list(bytes.fromhex(stop)) for stop in STOPS], dtype=float)
    places = np.linspace(0, len(STOPS) - 1, 2 * STEPS + 1)
    colors = [np.interp(places, np.arange(len(STOPS)), stops[:, i]) for i in range(3)]
    extra = [(255, 255, 255), (236, 239, 243), (190, 198, 208)]
    return np.rint(np.stack(colors, axis=1)).astype(np.uint8).tobytes() + bytes(sum(extra, ()))


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
