"""Firebird for demosnap."""
