"""Start the desktop as a person does, and leave as soon as its first page shows its data: `python -m bench.start_up URL`."""

import sys

from guichet.__main__ import main

if __name__ == "__main__":
    # An account that needs no password here; exits with its code, 1 after 30 s.
    main(["--database", sys.argv[1], "--as", "admin", "--start-up"])
