"""Run by the packaged program before anything else: what it starts (pg_dump, the reader of a PDF) uses its own libraries.

On Linux the package finds its libraries by LD_LIBRARY_PATH, which the programs it starts would inherit.
"""  # noqa: INP001 - a hook of PyInstaller, never imported

import os

_before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
if _before is not None:
    os.environ["LD_LIBRARY_PATH"] = _before
else:
    os.environ.pop("LD_LIBRARY_PATH", None)
