"""The files that `demosnap init` writes, and the template of revision scripts."""
