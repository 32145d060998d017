"""The live database: given a connection, never opens one."""
