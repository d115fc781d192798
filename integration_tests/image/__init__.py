"""Tests of the image, in containers (`make test-image`)."""
