"""A map as a small PNG, for places that show nothing else; written with the standard library."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from patchwidgets.views._chart import ABSENT, UNREACHABLE, Chart, read_chart
from patchwidgets.views._scale import BEYOND, SIZES, STOPS, between, paler, rgb
from patchwidgets.views._scale import NOISE as NOISE_COLOR
from patchwidgets.views.heatmap import Heatmap

STEPS, FEW = 100, 10
GAP = 8
WHITE = 2 * STEPS + 1
GREY, HATCH, DOT, NOISE, BELOW, ABOVE, PALE = range(WHITE + 1, WHITE + 8)
SIZE = PALE + 2 * FEW + 1
"""Colours after those of measured cells. Estimates have few: `PALE` from -1 to 1, `SIZE` from 0."""


def picture(heatmap: Heatmap, block: bytes) -> bytes:
    """Return the first metric of a map as PNG: red positive, blue negative, hatched unknown.

    Estimates are paler and dotted; violet where only their size is known. What lies below the
    noise floor is grey.
    """
    chart = read_chart(heatmap, block)
    return _png(_fitted(chart, (640, 640), (12, 16)))


def sheet(rows: Sequence[Sequence[Chart]]) -> bytes:
    """Return several maps as one PNG, each on a scale of its own.

    Args:
        rows: The maps from top to bottom and from left to right; at least one.
    """
    columns = max(len(row) for row in rows)
    drawn = [[_fitted(one, (240, 720 // columns), (8, 12)) for one in row] for row in rows]
    return _png(_tiled([_tiled(row, axis=1) for row in drawn], axis=0))


def _fitted(chart: Chart, most: tuple[int, int], cell: tuple[int, int]) -> np.ndarray:
    """Return a map of at most so many pixels, with cells of at most so many."""
    rows, columns = chart.values.shape
    if not rows or not columns:
        return np.full((1, 1), WHITE, dtype=np.uint8)
    height = max(1, min(cell[0], most[0] // rows))
    width = max(1, min(cell[1], most[1] // columns))
    return _drawn(chart, height, width)


def _tiled(parts: Sequence[np.ndarray], axis: int) -> np.ndarray:
    """Return pictures one after another along an axis, with a gap between them."""
    other = 1 - axis
    size = max(part.shape[other] for part in parts)
    padded = []
    for part in parts:
        grow = [(0, 0), (0, 0)]
        grow[axis], grow[other] = (0, GAP), (0, size - part.shape[other])
        padded.append(np.pad(part, grow, constant_values=WHITE))
    return np.concatenate(padded, axis=axis)


def _drawn(chart: Chart, height: int, width: int) -> np.ndarray:
    share = np.nan_to_num(chart.values / chart.limit)
    cells = np.rint((share.clip(-1, 1) + 1) * STEPS).astype(np.uint8)
    cells[share > 1 + 1e-6] = ABOVE
    cells[share < -1 - 1e-6] = BELOW
    cells[np.isnan(chart.values)] = GREY
    cells[chart.status == ABSENT] = WHITE
    cells[chart.noise] = NOISE
    estimated = np.isfinite(chart.estimates)
    cells[estimated] = _estimated(chart)[estimated]
    pixels = _enlarged(cells, height, width)
    y, x = np.indices(pixels.shape)
    every = np.where(_enlarged(chart.status, height, width) == UNREACHABLE, 8, 4)
    pixels[(pixels == GREY) & ((x + y) % every == 0)] = HATCH
    dotted = (y % 3 == 1) & ((x + y) % 6 == 2)
    pixels[_enlarged(estimated, height, width) & dotted] = DOT
    if height > 3 and width > 3:
        pixels[(y % height == height - 1) | (x % width == width - 1)] = WHITE
    return pixels


def _estimated(chart: Chart) -> np.ndarray:
    share = np.nan_to_num(chart.estimates / chart.limit).clip(-1, 1)
    if chart.map.estimate is not None and not chart.map.estimate.signed:
        return SIZE + np.rint(np.abs(share) * FEW)
    return PALE + np.rint((share + 1) * FEW)


def _enlarged(cells: np.ndarray, height: int, width: int) -> np.ndarray:
    return cells.repeat(height, axis=0).repeat(width, axis=1)


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
    scale, sizes = between(STOPS, 2 * STEPS + 1), between(SIZES, FEW + 1)
    plain = [rgb(color) for color in ("ffffff", "eceff3", "bec6d0", "6b7480", NOISE_COLOR, *BEYOND)]
    parts = [scale, np.array(plain), paler(between(STOPS, 2 * FEW + 1)), paler(sizes)]
    return np.rint(np.concatenate(parts)).astype(np.uint8).tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
