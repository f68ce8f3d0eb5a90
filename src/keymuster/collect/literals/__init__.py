"""Secrets that stand as plain text where a declaration should name a place that keeps them.

Here a value needs not look like a secret: `MYSQL_ROOT_PASSWORD: root` is a password because of its
name, and a poor one. `names` says which names hold a secret, `values` which values are one and not
the place of one, `sealing` makes credentials of both, `search` finds them in trees and scripts.
"""
