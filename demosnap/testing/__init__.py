"""What a package that brings a dialect proves it with. Needs pytest."""

from demosnap.testing.example_suite import ExampleSuite as ExampleSuite
from demosnap.testing.suite import DialectSuite as DialectSuite

__all__ = ["DialectSuite", "ExampleSuite"]
