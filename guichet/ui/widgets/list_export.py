"""Writing a whole list to an Excel file, on the long lane."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guichet.reports import workbook
from guichet.reports.workbook import Sheet, Title
from guichet.rules.errors import UserError
from guichet.services import whole_list
from guichet.services.paging import PageQuery
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.tables import Column
from guichet.ui.tasks import Task
from guichet.ui.wording import NBSP


@dataclass(frozen=True)
class ListExport:
    """What is shown, to be written: the query whole, the columns in their order, and where."""

    function: Callable[[Any, Any, Any], Any]
    query: PageQuery
    columns: tuple[Column[Any], ...]
    title: str
    subtitle: str
    path: Path


def write_list(database: OpenedDatabase, context: Context, asked: ListExport, task: Task) -> Path:
    """Read every row of the query as it stands now, write it, and return the file; stopped half-way, it leaves none.

    Raises UserError when the file cannot be written.
    """

    def rows() -> Iterator[Sequence[Any]]:
        done = 0
        for page in whole_list.pages(database, context, asked.function, asked.query):
            for row in page.rows:
                yield [column.value(row) if column.value else column.text(row) for column in asked.columns]
            done += len(page.rows)
            task.step(done, max(page.total, done + 1))

    titles = tuple(Title(column.title, column.width, right=column.right) for column in asked.columns)
    sheet = Sheet(asked.title, asked.subtitle, titles)
    try:
        workbook.write(sheet, rows(), asked.path)
    except OSError as failure:
        raise UserError(
            f"Impossible d’écrire «{NBSP}{asked.path.name}{NBSP}»{NBSP}: fermez-le s’il est ouvert dans Excel, vérifiez la place "
            "et les droits, puis recommencez.",
            code="export_failed",
        ) from failure
    return asked.path
