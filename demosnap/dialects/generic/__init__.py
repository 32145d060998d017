"""Any SQL database, with rows as values of its driver."""
