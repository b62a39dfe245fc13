"""Folders that tests and benchmarks read."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = PROJECT / "seeds" / "raw"
ORIGINAL = PROJECT.parent / "shared" / "data" / "original"
"""The original data pack, which is not part of the project. Without it, some tests are skipped."""
