"""The organisation of Google Cloud as `Resource`s that collectors make and analysis reads: their types.

`name` among the settings is what policies call it: `projects/acme`, `folders/45`, `organizations/123`;
`parent` is such a name, too, or the id of a declared folder. A constraint is `enforced` at its `place`,
on all of it if it is `plain`.
"""

from __future__ import annotations

ORGANIZATION = "gcp:organization"
FOLDER = "gcp:folder"
PROJECT = "gcp:project"
CONSTRAINT = "gcp:constraint"
