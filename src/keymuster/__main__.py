"""`python -m keymuster`."""

from keymuster.cli import main

if __name__ == "__main__":
    main()
