"""Records as Dust documents."""
