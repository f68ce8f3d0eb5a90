"""GitLab.com and servers of one's own, asked over REST."""
