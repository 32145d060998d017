"""The live database. Functions take an open connection and never open their own."""
