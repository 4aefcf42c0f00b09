"""The transfer of a town from Noethys (docs/noethys.md): one function, and the report it gives."""

from guichet.services.noethys.report import NoethysReport
from guichet.services.noethys.report_text import written
from guichet.services.noethys.transfer import import_noethys

__all__ = ["NoethysReport", "import_noethys", "written"]
