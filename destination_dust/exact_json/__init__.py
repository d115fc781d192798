"""JSON in and out without losing anything: numbers of any length, odd text, any depth."""

from destination_dust.exact_json.codec import NotJSON, clean_text, dumps, loads, readable

__all__ = ["NotJSON", "clean_text", "dumps", "loads", "readable"]
