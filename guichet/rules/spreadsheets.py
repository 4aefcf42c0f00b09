"""Text that leaves for a spreadsheet must stay text."""

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_AMOUNT = re.compile(r"[+-][\d\u00a0\u202f ]+(,\d\d)?[\u00a0\u202f ]?(€|%)?")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take this text for a formula and run it (OWASP, CSV injection)."""
    return text.startswith(FORMULA_STARTS)


def pasted(text: str) -> str:
    """One cell of text to paste: on one line, and never a formula. A signed amount (« -12,50 € ») is left as it is."""
    flat = " ".join(text.split()) if any(mark in text for mark in "\t\r\n") else text
    return f"'{flat}" if is_formula(flat) and not _AMOUNT.fullmatch(flat) else flat
