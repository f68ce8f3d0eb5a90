"""AWS, as its API tells of it: accounts, what is asked of each, and the answers as `Declared`."""
