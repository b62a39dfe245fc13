"""Publish the checked marts, all or none, as files and to PostgreSQL.

Code that reads a release imports :func:`current_release`, its result and its errors from here.
"""

from bank_warehouse.publish.errors import NoReleaseError, PublishError
from bank_warehouse.publish.releases import Release, current_release

__all__ = ["NoReleaseError", "PublishError", "Release", "current_release"]
