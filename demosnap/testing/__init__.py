"""What a package that brings a dialect proves it with: `DialectSuite`. Needs pytest."""

from demosnap.testing.suite import DialectSuite as DialectSuite

__all__ = ["DialectSuite"]
