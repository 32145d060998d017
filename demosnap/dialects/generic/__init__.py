"""Any SQL database whose rows go as values of its driver."""
