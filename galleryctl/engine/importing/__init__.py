"""Import live galleries into manifests."""
