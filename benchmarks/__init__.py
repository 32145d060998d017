"""Measurements of demosnap that are no tests; each is a module to run."""
