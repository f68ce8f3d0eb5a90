"""What a file says: one module per reader."""

PAST = ("inline-allows", "secrets")
"""Those that also read the `past`. To load the others takes as long as to scan some hundred versions."""

PROGRAMS = ("agent-code",)
"""Those that read `programs`, too, which by their name declare nothing."""
