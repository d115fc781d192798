"""The page at `/`: what the local Dust holds, for people to look at."""

from local_dust.server.page.frame import page

__all__ = ["page"]
