"""Languages of structured files, each as one tree of values with their places."""
