"""The version of the connector, which Dust and users of `target-dust` see. A test compares the files that name it."""

VERSION = "0.2.0"
