"""The answer to `spec`: what the CDK would print, without its cost."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, Type

from destination_dust.destination import DestinationDust
from destination_dust.specification import specification

ROOT = Path(__file__).parents[1]
SPEC = [sys.executable, "main.py", "spec"]


def test_the_message_is_that_of_the_cdk() -> None:
    """Hosts in the same process ask the CDK's class, and get the same form."""
    spec = DestinationDust().spec(logging.getLogger("airbyte"))

    assert AirbyteMessageSerializer.dump(AirbyteMessage(type=Type.SPEC, spec=spec)) == json.loads(specification())


def test_the_command_imports_no_package_beside_its_own() -> None:
    """Python lists what it imports on standard error. The connector's own modules prove that it does."""
    ran = subprocess.run(
        [SPEC[0], "-X", "importtime", *SPEC[1:]], cwd=ROOT, capture_output=True, check=True, timeout=60
    )

    imported = {line.rpartition(b"|")[2].strip().partition(b".")[0] for line in ran.stderr.splitlines()}
    assert specification() + b"\n" == ran.stdout
    assert b"destination_dust" in imported
    assert set() == imported & {b"airbyte_cdk", b"requests", b"orjson"}


def test_the_class_of_the_cdk_prints_the_same() -> None:
    """For hosts that run it instead of the command."""
    program = "from destination_dust import DestinationDust; DestinationDust().run(['spec'])"

    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, timeout=60)

    assert specification() + b"\n" == ran.stdout


def test_a_reader_that_has_gone_is_no_error_to_explain() -> None:
    """The command exits with 1 and writes nothing."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(SPEC, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    finally:
        os.close(writing)

    assert (1, b"") == (ran.returncode, ran.stderr)
