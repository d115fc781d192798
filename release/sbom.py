"""Completes the list of packages that cyclonedx-py makes of an environment: the wheel is what all others belong to.

`cyclonedx-py environment … | python -m release.sbom > FILE`. From `pyproject.toml`, cyclonedx-py cannot tell what the
wheel depends on, because the dependencies are in `requirements.in`. The installed wheel tells it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

PRODUCT = "destination-dust"


def completed(listed: dict[str, Any]) -> dict[str, Any]:
    """The same list, described as that of the product. Raises `ValueError` if the product is not in it once."""
    (product,) = [each for each in listed["components"] if each["name"] == PRODUCT]
    others = [each for each in listed["components"] if each is not product]
    metadata = {**listed["metadata"], "component": {**product, "type": "application"}}
    return {**listed, "metadata": metadata, "components": others}


if __name__ == "__main__":
    json.dump(completed(json.load(sys.stdin)), sys.stdout, indent=2)
    sys.stdout.write("\n")
