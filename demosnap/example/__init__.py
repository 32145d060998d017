"""The application that the demo data belongs to: tables to create and rows to fill them with.

It stands in for a real application in the quickstart and in the tests. Nothing here knows how
snapshots are taken.
"""

from demosnap.example.seeder import edit, seed, seed_own_rows
from demosnap.example.tables import create_tables, metadata

__all__ = ["create_tables", "edit", "metadata", "seed", "seed_own_rows"]
