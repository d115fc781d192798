"""bizon's command line, which knows Dust: `python -m destination_dust.hosts.bizon run pipeline.yml`."""

from bizon.cli.main import cli

import destination_dust.hosts.bizon  # noqa: F401 importing it registers Dust


def main() -> None:
    """Run bizon's command that the arguments name."""
    cli(prog_name="destination-dust-bizon")


if __name__ == "__main__":
    main()
