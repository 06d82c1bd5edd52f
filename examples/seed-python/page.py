"""What the program prints."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any


def title(text: str) -> None:
    print(f"\n{_style(1, text)}", flush=True)


def say(text: str) -> None:
    print("\n".join(f"  {line}" for line in text.splitlines()), flush=True)


def mib(size: float | None) -> str:
    if size is None:
        return "–"
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 2**10:.0f} KiB"


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under headings; numbers to the right."""
    cells = list(rows)
    widths = [
        max(len(str(cell)) for cell in column) for column in zip(headings, *cells, strict=True)
    ]

    def line(row: Sequence[Any]) -> str:
        aligned = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        return "  ".join(aligned).rstrip()

    return "\n".join([_style(2, line(headings)), *map(line, cells)])


def _style(code: int, text: str) -> str:
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text
