"""`python -m keymuster`."""

from keymuster.cli import script

if __name__ == "__main__":
    script()
