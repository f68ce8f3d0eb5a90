"""Slack through its Web API: which apps a workspace or organisation let in. Asked without Slack's SDK: that has
no list of pages for these calls, and waits where nobody can interrupt it."""
