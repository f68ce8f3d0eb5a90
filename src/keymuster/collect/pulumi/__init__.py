"""Programs of Pulumi in YAML: their expressions, and the vendor's words for their types."""
