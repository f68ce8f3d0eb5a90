"""Values without a format: found by what names them, weighed by everything around them."""
