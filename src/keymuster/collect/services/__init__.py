"""What a service says through its API: one module per service."""
