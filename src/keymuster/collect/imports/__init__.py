"""What other scanners report: one module per form of a report.

Reports hold secrets in plain text. A reader puts them into a `Secret` as it takes a row apart, and of that
only the fingerprint stays.
"""
