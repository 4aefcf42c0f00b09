"""Start the desktop as a person does, and leave as soon as its first page shows its data: `python -m bench.start_up URL`."""

import sys

from guichet.app import Opening, open_and_leave

if __name__ == "__main__":
    sys.exit(open_and_leave(Opening(sys.argv[1], login="admin"), lambda: None))
