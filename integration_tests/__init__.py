"""Tests of the real process over real sockets, and the local Dust they run against."""
