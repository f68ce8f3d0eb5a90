"""Ansible: what plays, tasks and variables say, and what modules declare."""
