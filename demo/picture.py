"""Draws charger statistics as an SVG: bars with axes, units and titles, readable in light and in dark.

The same figures give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.etree import ElementTree

WIDTH, PANEL_HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 92, 24, 64, 36
GAP_SHARE = 0.25
TICKS = 5
# What a letter of a label takes at most.
LETTER = 7
STYLE = """
svg { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
.ground { fill: #ffffff; stroke: #d0d7de; }
.bar { fill: #0b6bcb; }
.top { fill: #b3400e; }
.grid { stroke: #d8dee4; }
.axis { stroke: #57606a; }
.title { fill: #1f2328; font-size: 17px; font-weight: 600; }
.label { fill: #57606a; font-size: 12px; }
.note { fill: #b3400e; font-size: 12px; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117; stroke: #30363d; }
  .bar { fill: #58a6ff; }
  .top { fill: #f0883e; }
  .grid { stroke: #262c34; }
  .axis { stroke: #8b949e; }
  .title { fill: #e6edf3; }
  .label { fill: #9da7b3; }
  .note { fill: #f0883e; }
}
"""


@dataclass(frozen=True)
class Bar:
    """A bar: what is written below it, and how high it is."""

    label: str
    value: Decimal


@dataclass(frozen=True)
class Panel:
    """Bars under a title that says what they are, in a unit."""

    title: str
    unit: str
    bars: Sequence[Bar]

    @property
    def highest(self) -> Bar:
        """The first of the highest bars."""
        return max(self.bars, key=lambda bar: bar.value)


def draw(panels: Sequence[Panel]) -> str:
    """The SVG of panels, one below the other."""
    height = PANEL_HEIGHT * len(panels)
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "width": str(WIDTH),
            "height": str(height),
            "role": "img",
        },
    )
    add(root, "title", text="; ".join(panel.title for panel in panels))
    add(root, "style", text=STYLE)
    add(root, "rect", "ground", x=0.5, y=0.5, width=WIDTH - 1, height=height - 1, rx=8)
    for place, panel in enumerate(panels):
        group = add(root, "g", transform=f"translate(0 {PANEL_HEIGHT * place})")
        draw_panel(group, panel)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def draw_panel(group: ElementTree.Element, panel: Panel) -> None:
    """Title, unit, grid, bars and labels of one panel."""
    width, height = WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM
    step = tick_step(panel.highest.value)
    top = step * max(1, math.ceil(panel.highest.value / step))
    floor = TOP + height
    add(group, "text", "title", panel.title, x=LEFT, y=30)
    add(group, "text", "label", panel.unit, x=LEFT, y=50)
    for value in ticks(step, top):
        y = floor - float(value / top) * height
        add(group, "line", "grid" if value else "axis", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
        add(group, "text", "label", f"{value:,f}", x=LEFT - 8, y=y + 4, **{"text-anchor": "end"})
    slot = width / len(panel.bars)
    every = math.ceil((len(panel.highest.label) + 2) * LETTER / slot)
    for place, bar in enumerate(panel.bars):
        left, size = LEFT + slot * place, max(0.0, float(bar.value / top)) * height
        shape = add(
            group,
            "rect",
            "top" if bar is panel.highest else "bar",
            x=left + slot * GAP_SHARE / 2,
            y=floor - size,
            width=slot * (1 - GAP_SHARE),
            height=size,
        )
        add(shape, "title", text=f"{bar.label}: {bar.value:,f} {panel.unit}")
        middle = {"x": left + slot / 2, "text-anchor": "middle"}
        if place % every == 0:
            add(group, "text", "label", bar.label, y=floor + 18, **middle)
        if bar is panel.highest:
            add(group, "text", "note", f"{bar.value:,.0f}", y=floor - size - 6, **middle)


def tick_step(highest: Decimal) -> Decimal:
    """A round step (1, 2 or 5 times a power of ten) that takes a scale to `highest` in about TICKS steps."""
    if highest <= 0:
        return Decimal(1)
    rough = highest / TICKS
    power = Decimal(10) ** math.floor(rough.log10())
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def ticks(step: Decimal, top: Decimal) -> Iterator[Decimal]:
    """The values of a scale from 0 to `top`."""
    for number in range(int(top / step) + 1):
        value = (step * number).normalize()
        yield value.quantize(Decimal(1)) if value == value.to_integral_value() else value


def add(
    parent: ElementTree.Element, tag: str, style: str = "", text: str = "", **attributes: object
) -> ElementTree.Element:
    """Add an element; numbers get two decimals at most."""
    given = {"class": style} if style else {}
    given |= {
        name: number(value) if isinstance(value, int | float) else str(value) for name, value in attributes.items()
    }
    element = ElementTree.SubElement(parent, tag, given)
    element.text = text or None
    return element


def number(value: float) -> str:
    """A number without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
