"""What became of findings, as a log that a SIEM takes in: JSON lines of ours or OCSF; into a file, or to a syslog server."""
