"""Plan moves from snapshot files into the database, and make them."""
