"""Publish the checked marts, all or none, as files and to PostgreSQL.

To read a release, import :func:`current_release`, :class:`Release` and the errors from here.
"""

from bank_warehouse.publish.errors import NoReleaseError, PublishError
from bank_warehouse.publish.releases import Release, current_release

__all__ = ["NoReleaseError", "PublishError", "Release", "current_release"]
