"""The HTTP server, its page and its control routes."""
