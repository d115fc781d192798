"""Tests of the local Dust."""
