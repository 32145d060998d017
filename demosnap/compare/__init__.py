"""Compare the demo rows of a database with versions, and versions with each other."""
