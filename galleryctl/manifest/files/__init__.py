"""The files of a workspace: search by pattern, access restricted to the workspace, atomic writes."""
