"""What the files of CI systems mean: jobs as identities, their tokens, secrets and sign-ins."""
