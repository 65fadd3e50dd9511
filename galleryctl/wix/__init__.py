"""The client of the Wix REST API. It imports only galleryctl.model and galleryctl.http."""
