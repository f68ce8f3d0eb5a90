"""What several files of Kubernetes say together: Kustomizations, their bases and patches."""
