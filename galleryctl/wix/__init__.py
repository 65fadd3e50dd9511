"""The Wix REST client: auth, transport, codec, galleries, media. Imports nothing of ours but the model."""
