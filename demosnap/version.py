"""The version of demosnap, alone so that packaging and `--version` import nothing else."""

__version__ = "0.1.0"
