"""Accept drift: write what people changed on the site into the manifests."""
