"""What tells who answers for identities: files that lie beside them, git, a directory."""
