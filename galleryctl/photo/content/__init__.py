"""The content of photos and videos without captions: the parts of each container that a digest of it covers."""
