"""The containers of photos and videos: their parts with byte ranges, and the metadata blocks in them."""
