"""The verbs of a project: functions that take the access to it, and return frozen results."""
