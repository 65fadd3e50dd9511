"""The files of a workspace: found by pattern, opened inside the workspace only, written atomically."""
