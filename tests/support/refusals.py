"""Refusals of guards: of which kind they are, and what they say."""

from demosnap.testing.refusals import refused as refused
