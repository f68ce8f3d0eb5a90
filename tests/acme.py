"""A token format of a made-up vendor, as a file of a user's rules."""

TOKENS = """\
vendor: acme
name: Acme
formats:
  - id: acme-key
    name: Acme key
    kind: api_key
    shape: acme_{base62:32}
    revoke: Delete it.
    examples: ["{token}"]
    counter_examples: ["{short}"]
"""
