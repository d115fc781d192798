"""The arguments of the connector, and its answer to wrong ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from destination_dust.command_line import parse
from destination_dust.destination import DestinationDust

ROOT = Path(__file__).parents[1]
CONFIG, CATALOG = ["--config", "dust.json"], ["--catalog", "streams.json"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["spec"],
        ["check", *CONFIG],
        ["check", "--config=dust.json"],
        ["write", *CONFIG, *CATALOG],
        ["write", "--cat", "streams.json", "--conf", "dust.json"],
    ],
)
def test_whatever_the_cdk_understands_is_understood(arguments: list[str]) -> None:
    """Airbyte's platform calls all destinations alike."""
    expected = DestinationDust().parse_args(arguments)

    assert vars(expected) == vars(parse(arguments))


def test_the_preview_has_an_option_more() -> None:
    """How many records of each stream it shows."""
    assert 3 == parse(["preview", *CONFIG, *CATALOG]).records
    assert 1 == parse(["preview", *CONFIG, *CATALOG, "--records", "1"]).records


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["read"], "invalid choice: 'read' (choose from"),
        (["spec", "--config", "dust.json"], "unrecognized arguments: --config dust.json"),
        (["check"], "the following arguments are required: --config"),
        (["check", "--config"], "argument --config: expected one argument"),
        (["write", *CONFIG], "the following arguments are required: --catalog"),
        (["write", *CATALOG], "the following arguments are required: --config"),
        (["write"], "the following arguments are required: --config, --catalog"),
        (["preview", *CONFIG], "the following arguments are required: --catalog"),
        (["preview", *CONFIG, *CATALOG, "--records", "all"], "argument --records: invalid int value: 'all'"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, below how to call the command. The exit code is that of other programs."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments)

    shown = capsys.readouterr()
    assert (2, "") == (ended.value.code, shown.out)
    assert shown.err.startswith("usage: destination-dust ")
    assert problem in shown.err


@pytest.mark.parametrize("command", ["spec", "check", "write", "preview"])
def test_help_names_every_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, and it is no mistake to ask for it."""
    for arguments in (["--help"], [command, "--help"]):
        with pytest.raises(SystemExit) as ended:
            parse(arguments)

        assert not ended.value.code
        assert command in capsys.readouterr().out


@pytest.mark.parametrize(
    "start",
    [
        ["main.py"],
        ["-m", "destination_dust"],
        ["-c", "import sys; from destination_dust import DestinationDust; DestinationDust().run(sys.argv[1:])"],
    ],
    ids=["main", "module", "host"],
)
def test_the_process_ends_with_the_code_for_wrong_arguments(start: list[str]) -> None:
    """Without a traceback, and without a line that a host would take for a message."""
    ran = subprocess.run(
        [sys.executable, *start, "write"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )

    assert (2, "") == (ran.returncode, ran.stdout)
    assert "write: error: the following arguments are required: --config, --catalog" in ran.stderr
    assert "Traceback" not in ran.stderr
