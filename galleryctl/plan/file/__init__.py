"""The plan file: a JSON document, its digest and its strict reader."""
