"""What can be asked of a project: functions that take the way to it, and return frozen results."""
