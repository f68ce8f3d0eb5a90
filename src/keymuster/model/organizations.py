"""The types of resources that say how accounts of AWS belong together, as collectors make and analysis
reads them. Their `settings` hold the `number` that AWS gave them, or what stands for it, and:"""

ORGANIZATION = "aws:organization"
"""`management`: its account; `listed`: whether all accounts of it were seen; `read`: the kinds of policies
of which all were seen."""

UNIT = "aws:organizational-unit"
"""`parent`: the unit or root that it is in."""

ACCOUNT = "aws:account"
"""`parent`, and `tags`."""

POLICY = "aws:organization-policy"
"""`kind`, `targets`: roots, units and accounts, and its `document`, if it was seen."""

ATTACHMENT = "aws:organization-policy-attachment"
"""`policy` and `targets`."""
