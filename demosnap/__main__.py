"""`python -m demosnap`."""

from demosnap.cli import main

if __name__ == "__main__":
    main()
