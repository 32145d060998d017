"""From a file into the database: plan, and act."""
