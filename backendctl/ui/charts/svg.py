"""A figure as SVG: the same bytes every time, real text, tooltips, and the reader's light or dark."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

from backendctl.ui.charts.drawing import FONT, Drawn
from backendctl.ui.charts.palette import dark_rules

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_FONTS = f"'{FONT}', Verdana, sans-serif"
"""Verdana is as wide: nothing overlaps where the first is missing."""


def svg_of(drawn: Drawn, *, inline: bool) -> str:
    """The document.

    Args:
        inline: it becomes part of a page, which has its own title.
    """
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    root = ET.fromstring(_plain(drawn))  # noqa: S314 - written by matplotlib a line above
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    groups = {group.get("id"): group for group in root.iter(f"{{{_SVG}}}g")}
    for gid, titles in drawn.tooltips.items():
        _add_titles(groups[gid], titles)
    style = next(root.iter(f"{{{_SVG}}}style"))
    style.text = (style.text or "") + dark_rules()
    _describe(root, drawn, inline=inline)
    text = ET.tostring(root, encoding="unicode")
    return text if inline else f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _plain(drawn: Drawn) -> str:
    out = io.StringIO()
    drawn.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return out.getvalue().replace(f"'{FONT}'", _FONTS)


def _add_titles(group: ET.Element, titles: list[str]) -> None:
    """Give each mark its tooltip. What all marks of the group have in common moves up to their parent."""
    marks = list(group.iter(f"{{{_SVG}}}use")) or list(group.iter(f"{{{_SVG}}}path"))
    parents = {child: parent for parent in group.iter() for child in parent}
    for mark, told in zip(marks, titles, strict=True):
        for name in ("x", "y"):
            if name in mark.attrib:
                mark.set(name, f"{float(mark.attrib[name]):.2f}")
        if mark.tag.endswith("use") and "style" in mark.attrib:
            parents[mark].set("style", mark.attrib.pop("style"))
        mark.tail = "\n"
        ET.SubElement(mark, f"{{{_SVG}}}title").text = told


def _describe(root: ET.Element, drawn: Drawn, *, inline: bool) -> None:
    root.set("role", "img")
    if inline:
        root.set("aria-label", f"{drawn.name}. {drawn.text}")
        return
    root.set("aria-labelledby", "chart-title chart-text")
    for place, (tag, gid, text) in enumerate(
        (("title", "chart-title", drawn.name), ("desc", "chart-text", drawn.text))
    ):
        element = ET.Element(f"{{{_SVG}}}{tag}", {"id": gid})
        element.text = text
        root.insert(place, element)
