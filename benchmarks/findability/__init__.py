"""How well documents are found by meaning, by the settings that they were written with."""
