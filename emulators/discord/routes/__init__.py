"""What each route of the REST API does (https://discord.com/developers/docs/reference)."""
