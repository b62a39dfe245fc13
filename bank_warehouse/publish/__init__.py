"""Publish the checked marts: all of them or none, as files and to PostgreSQL.

What readers of a release need is here: :func:`current_release` and what it gives and raises.
"""

from bank_warehouse.publish.errors import NoReleaseError, PublishError
from bank_warehouse.publish.releases import Release, current_release

__all__ = ["NoReleaseError", "PublishError", "Release", "current_release"]
