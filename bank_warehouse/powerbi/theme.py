"""The one theme of the report: colours, fonts, and the required contrast.

Contrast is defined as in WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). Text needs
a contrast of at least 4.5 to 1 with its background; marks and outlines need 3 to 1.
"""

from typing import Any

NAME = "BankWarehouse"
FILE = f"{NAME}.json"

INK = "#1F2937"
MUTED = "#4B5563"
PAPER = "#FFFFFF"
PAGE = "#F4F6F9"
LINE = "#7A8494"
ACCENT = "#1B5E8C"
HEAT_LOW = "#F3F8FC"
HEAT_HIGH = "#79ACD6"
GOOD = "#2F6B3A"
NEUTRAL = "#8A5A00"
BAD = "#A3293D"
DATA = (ACCENT, "#B4530A", "#2F6B3A", "#7A3E9D", "#A3293D", "#0F766E", "#5B6472", "#8A5A00")
WHOLE = "#FFF7E3"
WHOLE_LINE = "#9A6B00"
"""Background and outline of visuals that always show all customers."""
FONT = "Segoe UI"
TITLE_SIZE = 11
CALLOUT_SIZE = 15
LABEL_SIZE = 9

TEXT_PAIRS = (
    (INK, PAPER),
    (INK, PAGE),
    (MUTED, PAPER),
    (MUTED, PAGE),
    (INK, HEAT_LOW),
    (INK, HEAT_HIGH),
    (PAPER, ACCENT),
    (ACCENT, PAPER),
    (INK, WHOLE),
    (MUTED, WHOLE),
)
"""Pairs of text colour and background colour in the report."""

MARK_PAIRS = tuple((colour, PAPER) for colour in (*DATA, LINE, WHOLE_LINE))
"""Pairs of mark or outline colour and background colour in the report."""


def luminance(colour: str) -> float:
    """Return the relative luminance of `#RRGGBB`, from 0 (black) to 1 (white)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _solid(colour: str) -> dict[str, Any]:
    return {"solid": {"color": colour}}


def _grid() -> dict[str, Any]:
    """Return the table style: rows are close together, so that lists fit without scrolling."""
    small = [{"fontSize": LABEL_SIZE, "fontColor": _solid(INK)}]
    return {
        "columnHeaders": small,
        "rowHeaders": small,
        "values": [{"fontSize": LABEL_SIZE}],
        "grid": [{"rowPadding": 1}],
    }


def content() -> dict[str, Any]:
    """Return the theme as Power BI reads it."""
    return {
        "name": NAME,
        "dataColors": list(DATA),
        "good": GOOD,
        "neutral": NEUTRAL,
        "bad": BAD,
        "maximum": HEAT_HIGH,
        "center": PAPER,
        "minimum": HEAT_LOW,
        "null": LINE,
        "background": PAPER,
        "secondaryBackground": PAGE,
        "foreground": INK,
        "foregroundNeutralSecondary": MUTED,
        "tableAccent": ACCENT,
        "hyperlink": ACCENT,
        "textClasses": {
            "label": {"fontFace": FONT, "fontSize": 10, "color": INK},
            "callout": {"fontFace": FONT, "fontSize": CALLOUT_SIZE, "color": INK},
            "title": {"fontFace": f"{FONT} Semibold", "fontSize": TITLE_SIZE, "color": INK},
            "header": {"fontFace": f"{FONT} Semibold", "fontSize": 11, "color": INK},
        },
        "visualStyles": {
            "*": {
                "*": {
                    "background": [{"show": True, "color": _solid(PAPER), "transparency": 0}],
                    "border": [{"show": True, "color": _solid(LINE), "radius": 4, "width": 1}],
                    "title": [
                        {
                            "show": True,
                            "fontColor": _solid(INK),
                            "fontSize": TITLE_SIZE,
                            "fontFamily": f"{FONT} Semibold",
                            "titleWrap": True,
                        }
                    ],
                    "subTitle": [
                        {"fontColor": _solid(MUTED), "fontSize": LABEL_SIZE, "titleWrap": True}
                    ],
                    "categoryAxis": [{"labelColor": _solid(INK), "fontSize": LABEL_SIZE}],
                    "valueAxis": [{"labelColor": _solid(INK), "fontSize": LABEL_SIZE}],
                    "legend": [{"labelColor": _solid(INK), "fontSize": LABEL_SIZE}],
                }
            },
            "slicer": {"*": {"title": [{"fontSize": LABEL_SIZE}]}},
            "tableEx": {"*": _grid()},
            "pivotTable": {"*": _grid()},
            "page": {"*": {"background": [{"color": _solid(PAGE), "transparency": 0}]}},
            "textbox": {"*": {"border": [{"show": False}], "background": [{"show": False}]}},
        },
    }
