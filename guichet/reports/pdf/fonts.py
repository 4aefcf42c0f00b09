"""The one type family of everything printed: Source Sans Pro, shipped as a package, embedded in each PDF."""

from functools import cache
from pathlib import Path

import font_source_sans_pro
from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "SourceSansPro"
ITALIC = "SourceSansPro-It"
SEMIBOLD = "SourceSansPro-Semibold"
BOLD = "SourceSansPro-Bold"
_FILES = {
    REGULAR: "SourceSansPro-Regular.ttf",
    ITALIC: "SourceSansPro-It.ttf",
    SEMIBOLD: "SourceSansPro-Semibold.ttf",
    BOLD: "SourceSansPro-Bold.ttf",
}


@cache
def register() -> None:
    """Make the family known to reportlab, once per process, at the first document."""
    folder = Path(font_source_sans_pro.font_directory)
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD)
    rl_config.useA85 = 0  # binary streams: the files are a fifth smaller than with the ASCII default
