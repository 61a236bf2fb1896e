"""A plot of lines as an SVG file: what the manual shows of a measurement. Legible on light and dark
paper; each line has its own dashes and its name beside its end.
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 260, 56, 130, 30, 40
LOOKS = (("#2f6fdb", ""), ("#b4540a", "6 3"), ("#5c8a00", "2 3"))
GREY = "#7a7a7a"
STEPS = 4
MOST_POINTS = 720


def write(
    path: Path, title: str, lines: Mapping[str, Sequence[float]], *, across: str, top: float
) -> None:
    """`lines`: values by name, evenly spaced. `across`: what lies along the bottom. `top`: the
    highest value that is shown.
    """
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="12"'
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {view}><title>{escape(title)}</title>',
        _text(title, LEFT, 18, "start", GREY),
        _text(across, middle, HEIGHT - 8, "middle", GREY),
    ]
    for step in range(STEPS + 1):
        value = top * step / STEPS
        y = _y(value, top)
        ends = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
        parts.append(f'<line {ends} stroke="{GREY}" stroke-opacity="0.3"/>')
        parts.append(_text(f"{value:g}", LEFT - 6, y + 4, "end", GREY))
    for (name, values), (colour, dashes) in zip(lines.items(), LOOKS, strict=False):
        look = f'fill="none" stroke="{colour}" stroke-width="1.5" stroke-dasharray="{dashes}"'
        parts.append(f'<polyline points="{_points(values, top)}" {look}/>')
        beside = _y(values[-1], top) + 4
        parts.append(_text(name, WIDTH - RIGHT + 6, beside, "start", colour))
    path.write_text("\n".join([*parts, "</svg>", ""]))


def _text(words: str, x: float, y: float, anchor: str, colour: str) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {where}>{escape(words)}</text>"


def _points(values: Sequence[float], top: float) -> str:
    every = max(1, len(values) // MOST_POINTS)
    kept = values[::every]
    width = WIDTH - LEFT - RIGHT
    points = []
    for place, value in enumerate(kept):
        x = LEFT + width * place / max(1, len(kept) - 1)
        points.append(f"{x:.1f},{_y(value, top):.1f}")
    return " ".join(points)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, top) / top
