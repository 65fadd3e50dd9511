"""The async shell: fetch, apply, recover, import. It joins the pure core to the API, the disk and the clock."""
