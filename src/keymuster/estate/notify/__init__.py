"""Who is told of what has changed, and by which channel."""
