"""What Terraform and OpenTofu make of their files: evaluation, modules, plans, states, vendors' words."""
