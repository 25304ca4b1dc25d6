"""The Hub, whose port is the OAuth authority's too."""

from __future__ import annotations

from bitfount_api.sandbox.services import (
    models,
    monitor,
    oauth,
    pods,
    projects,
    public_keys,
    uploads,
)

# What is longer comes first: /api/projects/... is no user's keys.
ROUTES = [
    *oauth.ROUTES,
    *pods.ROUTES,
    *models.ROUTES,
    *uploads.ROUTES,
    *projects.ROUTES,
    *monitor.ROUTES,
    *public_keys.ROUTES,
]
