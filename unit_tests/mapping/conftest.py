"""Property tests of pure functions."""

from hypothesis import settings

# How long one example takes says something about the machine, nothing about the function.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")
