"""GitHub.com, GitHub Enterprise Cloud and GitHub Enterprise Server, asked over REST."""
