"""The manifest of a release: its format, and the checksum that reveals an edit."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FORMAT = 2
"""The format of new manifests; increased when a change affects readers.

A manifest of format 1 has no checksum of its own, but it has those of the release's files.
"""

SCHEMA = Path(__file__).with_name("manifest.schema.json")
CHECKSUM = "checksum"
SHOWN = 3
LONGEST = 160


class ManifestError(Exception):
    """Not a valid manifest; the message is a predicate, such as `belongs to release 7`."""


def checksum(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest without its checksum.

    It is computed from JSON with sorted keys, no spaces and unescaped non-ASCII letters, so it does
    not depend on the stored order and layout.
    """
    unsigned = {key: value for key, value in manifest.items() if key != CHECKSUM}
    text = json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def signed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest with its checksum."""
    return {**manifest, CHECKSUM: checksum(manifest)}


def require_manifest(content: object, number: int) -> dict[str, Any]:
    """Return the content as the manifest of a release, if it is valid.

    Args:
        content: The parsed JSON.
        number: Number of the release.

    Raises:
        ManifestError: It belongs to another release, has an unknown format, does not match the
            schema, or was edited.
    """
    if not isinstance(content, dict):
        raise ManifestError("is not a JSON object.")
    form = content.get("format")
    if isinstance(form, int) and form > FORMAT:
        raise ManifestError(
            f"has format {form}; this version of the project reads up to {FORMAT}: update the "
            "project."
        )
    faults = sorted(_validator().iter_errors(content), key=lambda fault: fault.json_path)
    if faults:
        more = f" and {len(faults) - SHOWN} more faults" if len(faults) > SHOWN else ""
        raise ManifestError(
            "does not match the schema: "
            + "; ".join(f"{fault.json_path}: {fault.message[:LONGEST]}" for fault in faults[:SHOWN])
            + f"{more}."
        )
    if content["release"] != number:
        raise ManifestError(f"belongs to release {content['release']}.")
    if form == FORMAT and content[CHECKSUM] != checksum(content):
        raise ManifestError("was edited after it was published: its checksum does not match.")
    return content


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
