"""The Hub, which shares its port with the authorization server."""

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

# Longer paths come first, so that /api/projects/... does not match the route of a user's keys.
ROUTES = [
    *oauth.ROUTES,
    *pods.ROUTES,
    *models.ROUTES,
    *uploads.ROUTES,
    *projects.ROUTES,
    *monitor.ROUTES,
    *public_keys.ROUTES,
]
