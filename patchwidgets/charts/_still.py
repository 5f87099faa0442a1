"""A drawing as an SVG picture: the same numbers as the live figure, without any script."""

from html import escape
from math import ceil, floor, log10
from typing import Any

import numpy as np

from patchwidgets.charts._drawing import Drawing, Group, Line, Marker

WIDTH, HEIGHT = 640, 500
LEFT, RIGHT, TOP, BOTTOM = 70, 16, 52, 84
NAMED, LONGEST_NAME, NAME_TURN = 44, 14, 35
"""Room below for names instead of numbers, letters of one, and by how many degrees they rise."""
SHAPES: dict[Marker, str] = {
    "circle": '<circle r="3.6"/>',
    "square": '<rect x="-3.3" y="-3.3" width="6.6" height="6.6"/>',
    "triangle": '<path d="M0-4.4L4.2 3.2H-4.2z"/>',
    "inverted_triangle": '<path d="M0 4.4L4.2-3.2H-4.2z"/>',
    "diamond": '<path d="M0-5L5 0 0 5-5 0z"/>',
}
OPEN = 'overflow="visible"'
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1a1f26}.b{fill:#fff}.t{font-size:14px;"
    "font-weight:600}.g{stroke:#dfe4ea}.m{fill:#586474}.i{stroke:#8793a1}path,line{fill:none}"
    "@media(prefers-color-scheme:dark){text{fill:#e9edf2}.b{fill:#16191e}.g{stroke:#333a44}"
    ".m{fill:#9ba7b6}.i{stroke:#77828f}}"
)
"""The page says by `color-scheme` which of the two it wants."""


def still(drawing: Drawing) -> str:
    """Return a drawing as SVG of a fixed size, light or dark as the place it is shown in."""
    frame = _Frame(drawing)
    parts = [
        f"<title>{escape(drawing.title)}</title><desc>{escape(drawing.summary())}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect class="b" width="{WIDTH}" height="{HEIGHT}"/>',
        f"<defs>{_shapes(drawing.groups)}</defs>",
        f'<text class="t" x="{LEFT}" y="24">{escape(drawing.title)}</text>',
        *frame.axes(),
        *(frame.line(line) for line in _lines(drawing, frame)),
        *(frame.dots(at) for at in range(len(drawing.groups))),
        *_legend(drawing),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img">{"".join(parts)}</svg>'
    )


class _Frame:
    """Where numbers lie on the picture."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.x, self.y = drawing.reach()
        self.low = HEIGHT - BOTTOM - (NAMED if drawing.x_names else 0)

    def across(self, x: Any) -> Any:
        """Return pixels from the left."""
        share = (np.asarray(x) - self.x[0]) / (self.x[1] - self.x[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def down(self, y: Any) -> Any:
        """Return pixels from the top."""
        share = (np.asarray(y) - self.y[0]) / (self.y[1] - self.y[0])
        return self.low - share * (self.low - TOP)

    def axes(self) -> list[str]:
        """Return grid, numbers and names of both axes."""
        end, low, names = WIDTH - RIGHT, self.low, self.drawing.x_names
        parts = []
        for tick in range(len(names)) if names else ticks(*self.x):
            at = f"{self.across(tick):.1f}"
            parts.append(f'<line class="g" x1="{at}" x2="{at}" y1="{TOP}" y2="{low}"/>')
            if names:
                parts.append(_name(at, low + 14, names[int(tick)]))
            else:
                parts.append(_text(at, low + 17, written(tick), "m", "middle"))
        for tick in ticks(*self.y):
            at = f"{self.down(tick):.1f}"
            parts.append(f'<line class="g" x1="{LEFT}" x2="{end}" y1="{at}" y2="{at}"/>')
            parts.append(_text(LEFT - 7, float(at) + 4, written(tick), "m", "end"))
        below = HEIGHT - BOTTOM + 37
        parts.append(_text((LEFT + end) / 2, below, self.drawing.x_label, "", "middle"))
        turned = f'<g transform="translate(16 {(TOP + low) / 2:.0f})rotate(-90)">'
        parts.append(f"{turned}{_text(0, 0, self.drawing.y_label, '', 'middle')}</g>")
        return parts

    def line(self, line: Line) -> str:
        """Return a line, broken where it has no number."""
        path, pen = [], "M"
        for x, y in zip(self.across(line.x), self.down(line.y), strict=True):
            if np.isnan(x) or np.isnan(y):
                pen = "M"
                continue
            path.append(f"{pen}{x:.1f} {y:.1f}")
            pen = "L"
        ink = f'stroke="{line.color}" stroke-width="1.8"' if line.color else 'class="i"'
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        return f'<path {ink}{dash} d="{"".join(path)}"/>'

    def dots(self, group: int) -> str:
        """Return the dots of a group."""
        dots = self.drawing.dots
        chosen = dots.of(group)
        places = zip(self.across(dots.x[chosen]), self.down(dots.y[chosen]), strict=True)
        path = " ".join(f"{x:.1f} {y:.1f}" for x, y in places)
        return _marked(group, f"M{path}") if path else ""


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Return round numbers between two others, `about` as many as asked for."""
    raw = (high - low) / about
    size = 10.0 ** floor(log10(raw))
    step = next(size * by for by in (1, 2, 5, 10) if size * by >= raw)
    places = max(0, 1 - floor(log10(step)))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(count * step, places) for count in range(first, last + 1)]


def written(tick: float) -> str:
    """Return a number of an axis as short as it can be, with a real minus sign."""
    return f"{tick:g}".replace("-", "−")


def _lines(drawing: Drawing, frame: _Frame) -> list[Line]:
    """Return where x is 0, where y is 0, where both are the same, and the drawing's own lines."""
    across, upwards, zero = np.array(frame.x), np.array(frame.y), np.zeros(2)
    diagonal = [Line(across, across, dashed=True)] if drawing.diagonal else []
    return [Line(across, zero), Line(zero, upwards), *diagonal, *drawing.lines]


def _shapes(groups: tuple[Group, ...]) -> str:
    """Return a marker for each group: it stands at every point of a path."""
    parts = []
    for at, group in enumerate(groups):
        fill = group.color if group.filled else "none"
        shape = SHAPES[group.marker].replace("/>", f' style="fill:{fill};stroke:{group.color}"/>')
        parts.append(f'<marker id="d{at}" markerUnits="userSpaceOnUse" {OPEN}>{shape}</marker>')
    return "".join(parts)


def _marked(group: int, path: str) -> str:
    ends = " ".join(f'marker-{part}="url(#d{group})"' for part in ("start", "mid", "end"))
    return f'<path {ends} d="{path}"/>'


def _legend(drawing: Drawing) -> list[str]:
    parts, at = [], float(LEFT)
    if drawing.legend:
        parts.append(_text(at, HEIGHT - 10, drawing.legend, "m", "start"))
        at += 16 + 6.4 * len(drawing.legend)
    for index, group in enumerate(drawing.groups):
        count = len(drawing.dots.of(index))
        if not count:
            continue
        label = f"{group.label} ({count})"
        parts.append(_marked(index, f"M{at:.0f} {HEIGHT - 14}"))
        parts.append(_text(at + 9, HEIGHT - 10, label, "", "start"))
        at += 26 + 6.4 * len(label)
    return parts


def _name(x: Any, y: Any, name: str) -> str:
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    turned = f'<g transform="translate({float(x):.1f} {float(y):.1f})rotate(-{NAME_TURN})">'
    return f"{turned}{_text(0, 0, short, 'm', 'end')}</g>"


def _text(x: Any, y: Any, text: str, kind: str, anchor: str) -> str:
    name = f' class="{kind}"' if kind else ""
    place = f'x="{float(x):.1f}" y="{float(y):.1f}"'
    return f'<text{name} {place} text-anchor="{anchor}">{escape(text)}</text>'
