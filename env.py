"""The Alembic environment of the demo data; what it does is in demosnap."""

from demosnap.revisions import environment

environment.run()
