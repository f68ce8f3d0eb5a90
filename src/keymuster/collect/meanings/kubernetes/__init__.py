"""What objects of Kubernetes mean, by their kinds."""

from __future__ import annotations

from keymuster.collect.meanings.kubernetes import access, clusters, extensions, workloads

TYPES = access.TYPES | clusters.TYPES | workloads.TYPES | extensions.TYPES
