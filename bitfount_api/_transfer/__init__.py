"""Sources of uploads and destinations of downloads."""
