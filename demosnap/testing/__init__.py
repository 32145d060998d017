"""The test suite for packages that bring a dialect. Needs pytest."""

from demosnap.testing.example_suite import ExampleSuite as ExampleSuite
from demosnap.testing.suite import DialectSuite as DialectSuite

__all__ = ["DialectSuite", "ExampleSuite"]
