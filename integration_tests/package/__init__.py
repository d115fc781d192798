"""Tests of the wheel, in an environment that holds nothing else (`make test-package`)."""
