"""Reading a PDF back the way a person or a scanner would."""

from io import BytesIO

import pypdfium2
import zxingcpp
from pypdf import PdfReader


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page, every kind of space read as a plain one, lines joined."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


def whole_text(pdf: bytes) -> str:
    """The text of the whole document."""
    return " ".join(page_texts(pdf))


def qr_codes(pdf: bytes, page: int) -> list[str]:
    """What a scanner reads on a page printed at 150 dots per inch."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        image = document[page].render(scale=150 / 72).to_pil()
        return [code.text for code in zxingcpp.read_barcodes(image)]
    finally:
        document.close()


def embedded_fonts(pdf: bytes) -> dict[str, bool]:
    """Each font named by a page, and whether its outlines travel with the file."""
    fonts: dict[str, bool] = {}
    for page in PdfReader(BytesIO(pdf)).pages:
        for reference in page["/Resources"].get("/Font", {}).values():
            font = reference.get_object()
            descriptor = font.get("/FontDescriptor")
            fonts[font["/BaseFont"]] = descriptor is not None and "/FontFile2" in descriptor.get_object()
    return fonts
