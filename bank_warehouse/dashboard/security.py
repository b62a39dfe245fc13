"""Security headers of every response: no foreign content, no embedding, no referrers."""

import time
from collections.abc import Sequence

from flask import Flask, Response, g

NEVER_KEPT = "no-store"


def policy(script_hashes: Sequence[str]) -> str:
    """Return the content security policy.

    Inline styles are allowed, because charts use them for positions and lengths.

    Args:
        script_hashes: hashes of the scripts that Dash writes into the page, quoted as Dash gives
            them.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def protect(server: Flask, script_hashes: Sequence[str]) -> None:
    """Make a server send the security headers and response times, and forbid caching of figures."""
    headers = {
        "Content-Security-Policy": policy(script_hashes),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }

    @server.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @server.after_request
    def finish(response: Response) -> Response:
        for name, text in headers.items():
            response.headers[name] = text
        if response.mimetype in ("text/html", "application/json", "text/csv"):
            response.headers["Cache-Control"] = NEVER_KEPT
        taken = (time.perf_counter() - g.started) * 1000 if "started" in g else 0.0
        response.headers["Server-Timing"] = f"app;dur={taken:.1f}"
        return response
