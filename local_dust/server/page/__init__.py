"""The page at `/`: shows the stored documents and tables in a browser."""

from local_dust.server.page.frame import page

__all__ = ["page"]
