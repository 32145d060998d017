"""From the database into a file."""
