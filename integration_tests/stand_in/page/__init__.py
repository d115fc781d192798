"""The page at `/`: what the local Dust holds, for people to look at."""

from integration_tests.stand_in.page.frame import page

__all__ = ["page"]
