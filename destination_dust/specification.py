"""The answer to `spec`. Airbyte asks for it often, so it takes no package and little time."""

from __future__ import annotations

import json
from pathlib import Path


def specification() -> bytes:
    """The SPEC message with the form, as the line that the CDK would print, without its end."""
    form = json.loads((Path(__file__).parent / "spec.json").read_bytes())
    return json.dumps({"type": "SPEC", "spec": form}, ensure_ascii=False).encode()
