"""Clusters of Kubernetes that run, asked through their API servers. What files declare is in `collect/kubernetes/`."""
