"""JSON in and out without losing anything: numbers of any length, odd text, any depth."""

from destination_dust.exact_json.codec import NotJSON, NotUTF8, clean_text, dumps, loads, readable

__all__ = ["NotJSON", "NotUTF8", "clean_text", "dumps", "loads", "readable"]
