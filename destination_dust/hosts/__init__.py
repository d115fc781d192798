"""Adapters for programs that move data, each with packages of its own: extras in pyproject.toml."""
