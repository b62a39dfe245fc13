"""The pages, in the order of the menu. Each describes its content as blocks."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bank_warehouse.dashboard.page_model import Page
from bank_warehouse.dashboard.pages import (
    income,
    overview,
    products,
    quality,
    recommendations,
    risk,
    segmentation,
)
from bank_warehouse.dashboard.pages.context import Context
from bank_warehouse.dashboard.pages.detail import detail

PAGES: Mapping[str, tuple[str, Callable[[Context], Page]]] = {
    "overview": ("Overview", overview.make),
    "segmentation": ("Segmentation", segmentation.make),
    "risk": ("Credit and risk", risk.make),
    "income": ("Income and deposits", income.make),
    "products": ("Product holdings", products.make),
    "recommendations": ("Actions", recommendations.make),
    "quality": ("Data quality", quality.make),
}
"""The menu title of each page, and the function that creates it, by page name."""


def make_page(context: Context) -> Page:
    """Return the page of a view, with the details of the chosen cell."""
    page = PAGES[context.view.page][1](context)
    return replace(page, detail=detail(context))


__all__ = ["PAGES", "Context", "make_page"]
