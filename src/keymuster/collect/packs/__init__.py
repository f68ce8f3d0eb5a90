"""Reading git's object store without git: every file version once, with what it was made from."""
