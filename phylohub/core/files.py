"""Writes files atomically."""

import os
from pathlib import Path


def write_file(path: Path, text: str) -> None:
    """Write a text file: the old one stays until the new one is complete."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
