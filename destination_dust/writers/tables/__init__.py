"""Records as rows of Dust tables."""
