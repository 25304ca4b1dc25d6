"""SVG drawings of boxes, arrows and text, readable on light and dark pages."""

from __future__ import annotations

from html import escape

import attrs

_STYLE = """
  .card { fill: #ffffff; stroke: #d8dce3 }
  .box { fill: #eef3fb; stroke: #4a6fa5 }
  .soft { fill: #f6f7f9; stroke: #aab2bf }
  .warm { fill: #fdf3e4; stroke: #b7791f }
  .line { stroke: #4b5563; fill: none }
  .head { fill: #4b5563 }
  text { fill: #1f2937; font: 15px system-ui, sans-serif }
  .title { font-weight: 600 }
  .small { font-size: 13px; fill: #4b5563 }
  .code { font-family: ui-monospace, monospace; font-size: 13px }
  @media (prefers-color-scheme: dark) {
    .card { fill: #1b1f27; stroke: #3a414d }
    .box { fill: #22324a; stroke: #7aa2dc }
    .soft { fill: #262b35; stroke: #6b7482 }
    .warm { fill: #3a2f1b; stroke: #d9a441 }
    .line { stroke: #b6bdc9 }
    .head { fill: #b6bdc9 }
    text { fill: #e7eaf0 }
    .small { fill: #b6bdc9 }
  }
"""


@attrs.frozen
class Box:
    """A box that arrows can connect to; positions and sizes in pixels, from the top left."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> tuple[float, float]:
        """The middle of the left side."""
        return self.x, self.y + self.height / 2

    @property
    def right(self) -> tuple[float, float]:
        """The middle of the right side."""
        return self.x + self.width, self.y + self.height / 2

    @property
    def top(self) -> tuple[float, float]:
        """The middle of the upper side."""
        return self.x + self.width / 2, self.y

    @property
    def bottom(self) -> tuple[float, float]:
        """The middle of the lower side."""
        return self.x + self.width / 2, self.y + self.height


class Drawing:
    """A drawing.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        says: Text alternative, in one sentence.
    """

    def __init__(self, width: int, height: int, says: str) -> None:
        self._size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        self._says = says
        card = f'<rect class="card" x="1" y="1" width="{width - 2}" height="{height - 2}" rx="10"/>'
        self._parts = [card]

    def box(
        self, x: float, y: float, width: float, height: float, *lines: str, kind: str = "box"
    ) -> Box:
        """Draw a box with lines of text; the first is a title, lines with a leading ` are code."""
        self._parts.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            'rx="6" stroke-width="1.5"/>'
        )
        first = y + height / 2 - (len(lines) - 1) * 10 + 5
        for number, line in enumerate(lines):
            look = "code" if line.startswith("`") else "small" if number else "title"
            self.words(x + width / 2, first + 20 * number, line.removeprefix("`"), look)
        return Box(x, y, width, height)

    def words(
        self, x: float, y: float, text: str, look: str = "small", anchor: str = "middle"
    ) -> None:
        """Draw a line of text."""
        self._parts.append(
            f'<text class="{look}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def arrow(self, *points: tuple[float, float], both: bool = False, dashed: bool = False) -> None:
        """Draw an arrow through the points."""
        path = " L ".join(f"{x:g} {y:g}" for x, y in points)
        marks = 'marker-end="url(#head)"' + (' marker-start="url(#head)"' if both else "")
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self._parts.append(f'<path class="line" d="M {path}" stroke-width="1.5" {marks}{dashes}/>')

    def lifeline(self, x: float, top: float, bottom: float) -> None:
        """Draw a vertical lifeline of a sequence diagram."""
        self._parts.append(
            f'<path class="line" d="M {x:g} {top:g} L {x:g} {bottom:g}" stroke-dasharray="2 5"/>'
        )

    def svg(self) -> str:
        """Return the SVG document."""
        head = (
            '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto-start-reverse"><path class="head" d="M0 0 L8 4 L0 8 z"/>'
            "</marker>"
        )
        body = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {self._size} role="img">\n'
            f"<title>{escape(self._says)}</title>\n<style>{_STYLE}</style>\n"
            f"<defs>{head}</defs>\n{body}\n</svg>\n"
        )
