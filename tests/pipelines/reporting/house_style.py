"""What no page of ours may show: figures and dates that are not written as the house writes them."""

import re
from html import unescape

FAULTS = {
    "an exponent": r"\d[eE][-+]?\d",
    "a hyphen as a minus": r"(?<![\w-])-\d",
    "a percent sign without a space": r"\d%(?!\w)",
    "a date in figures": r"\b\d{4}-\d\d-\d\d\b",
    "no thousands separator": r"(?<![\w.,/#:])(?!(?:19|20)\d\d\b)\d{4,}(?![\w.,年:])",
    "one of many": r"(?<![\d.,])1 (?:rounds|days|months|customers|contacts|warnings)\b",
    "nothing": r"\b(?:segment|playbook row|客群|策略规则) none\b",
}


def shown(page: str) -> str:
    """The text of a page as people see it, charts and code left out."""
    left = re.sub(r"<(style|svg|script|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", left))


def faults(page: str) -> list[str]:
    """What a page shows that it may not, each with its place."""
    text = shown(page)
    return [
        f"{name}: ...{' '.join(text[max(0, one.start() - 30) : one.end() + 10].split())}..."
        for name, pattern in FAULTS.items()
        for one in re.finditer(pattern, text)
    ]
