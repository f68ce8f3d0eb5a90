"""Okta through its API: who signs in to the organisation without being there."""
