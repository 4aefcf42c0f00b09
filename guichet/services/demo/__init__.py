"""The demonstration town: an invented commune, the same each time for the same seed.

`build.build` fills an empty base, `night.write_night_file` writes what families asked on the eve, `day.run_day` does the
whole day's work and leaves its papers in a folder.
"""

from guichet.services.demo.accounts import DEMO_ACCOUNTS, DemoAccount

__all__ = ["DEMO_ACCOUNTS", "DemoAccount"]
