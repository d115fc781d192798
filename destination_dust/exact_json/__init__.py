"""JSON in and out without losing anything: numbers of any length, odd text."""

from destination_dust.exact_json.codec import NotUTF8, clean_text, dumps, loads, readable
from destination_dust.exact_json.depth import MAX_DEPTH, NotJSON, TooDeep, shallow

__all__ = ["MAX_DEPTH", "NotJSON", "NotUTF8", "TooDeep", "clean_text", "dumps", "loads", "readable", "shallow"]
