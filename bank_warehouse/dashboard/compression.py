"""Compress responses with gzip if the browser accepts it, and set cache lifetimes."""

import gzip
import hashlib
import re
from collections import OrderedDict
from threading import Lock

from flask import Flask, Response, request

SMALLEST = 1_000
"""Responses with fewer bytes are not compressed."""

TEXTS = frozenset(
    {
        "application/javascript",
        "application/json",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
    }
)
PAGES = frozenset({"application/json", "text/csv", "text/html"})
"""Types of the responses that are generated for each request; the other types are files."""

A_YEAR = "public, max-age=31536000, immutable"
KEPT = 64
"""Maximum number of compressed files in memory; Dash and this package have about twenty files."""

_UNCHANGING = re.compile(
    r"/_dash-component-suites/[^?]+[.]v[\w-]+m\d+[.]|/assets/[^?]+[?]m=[\d.]+$", re.ASCII
)
"""Addresses whose content never changes, because they contain the file's modification time."""


def compress(server: Flask) -> None:
    """Make a server compress text and mark the files that a browser may cache."""
    packed: OrderedDict[bytes, bytes] = OrderedDict()
    lock = Lock()

    def pack_once(whole: bytes) -> bytes:
        """Compress a file at the highest level, which is slow and therefore done only once."""
        key = hashlib.sha256(whole).digest()
        with lock:
            if key not in packed:
                packed[key] = gzip.compress(whole, compresslevel=9, mtime=0)
                while len(packed) > KEPT:
                    packed.popitem(last=False)
            return packed[key]

    @server.after_request
    def finish(response: Response) -> Response:
        if response.status_code != 200:
            return response
        if _UNCHANGING.match(request.full_path):
            response.headers["Cache-Control"] = A_YEAR
        if response.mimetype not in TEXTS:
            return response
        response.vary.add("Accept-Encoding")
        response.direct_passthrough = False
        if request.accept_encodings["gzip"] and len(whole := response.get_data()) >= SMALLEST:
            is_page = response.mimetype in PAGES
            response.set_data(
                gzip.compress(whole, compresslevel=4, mtime=0) if is_page else pack_once(whole)
            )
            response.content_encoding = "gzip"
            tag, _ = response.get_etag()
            if tag:
                # A strong ETag is valid only for the uncompressed body; a weak one, for both.
                response.set_etag(tag, weak=True)
        return response
