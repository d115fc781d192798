"""What the adapter relies on in bizon, which promises none of it.

If one of these fails, bizon has changed: look at the parts of `destination_dust/hosts/bizon/` that the test names.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version
from typing import Any, get_args

import pytest
from bizon.common.models import BizonConfig, SyncMetadata
from bizon.destination.buffer import DestinationBuffer
from bizon.destination.config import AbstractDestinationConfig, AbstractDestinationDetailsConfig
from bizon.destination.destination import AbstractDestination, DestinationFactory, DestinationIteration
from bizon.destination.models import destination_record_schema
from bizon.engine.backend.backend import AbstractBackend
from bizon.engine.backend.models import JobStatus
from bizon.engine.runner.runner import AbstractRunner
from bizon.source.config import SourceSyncModes

from destination_dust.hosts.bizon import DustConfig, DustDestination, register

SEEN = f"bizon {version('bizon')} has changed what destination_dust/hosts/bizon/"


def parameters(function: Any) -> list[str]:
    return [*inspect.signature(function).parameters]


def test_the_configuration_takes_one_of_the_destinations_by_name() -> None:
    """`registration.py` adds one to the union, and rebuilds the model."""
    field = BizonConfig.model_fields["destination"]

    assert "name" == field.discriminator, f"{SEEN}registration.py adds to"
    assert DustConfig in get_args(field.annotation), f"{SEEN}registration.py adds to"
    assert len(get_args(field.annotation)) > 5, f"{SEEN}registration.py adds to"
    assert BizonConfig.model_config["hide_input_in_errors"]


def test_registering_twice_adds_one() -> None:
    """A module may be imported under two names (`-m` and spawned processes)."""
    before = BizonConfig.model_fields["destination"].annotation, DestinationFactory.get_destination

    register()

    assert before == (BizonConfig.model_fields["destination"].annotation, DestinationFactory.get_destination)


def test_the_factory_makes_destinations_from_these_parts() -> None:
    """`registration.py` wraps it, and the runners call it by its name, with names for its arguments."""
    factory = inspect.getclosurevars(DestinationFactory.get_destination).nonlocals["others"]
    source = inspect.getsource(AbstractRunner.get_destination)

    assert parameters(factory) == ["sync_metadata", "config", "backend", "source_callback", "monitor"], (
        f"{SEEN}registration.py wraps"
    )
    assert "DestinationFactory.get_destination(" in source, f"{SEEN}registration.py wraps"
    assert "sync_metadata=sync_metadata" in source, f"{SEEN}registration.py wraps"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (AbstractDestination.__init__, "self sync_metadata config backend source_callback monitor"),
        (AbstractDestination.check_connection, "self"),
        (AbstractDestination.write_records, "self df_destination_records"),
        (AbstractDestination.finalize, "self"),
        (AbstractDestination.create_cursors, "self destination_iteration"),
        (AbstractDestination.buffer_flush_handler, "self session"),
        (
            AbstractDestination.write_records_and_update_cursor,
            "self df_source_records extracted_at iteration last_iteration pagination publish",
        ),
        (AbstractBackend.update_stream_job_status, "self job_id job_status error_message session"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_methods_have_these_parameters(function: Any, expected: str) -> None:
    """`destination.py` overrides or calls them."""
    assert " ".join(parameters(function)) == expected, f"{SEEN}destination.py overrides or calls"


def test_the_end_of_a_run_is_a_last_iteration() -> None:
    """It says whether the source failed, and bizon gives every other iteration its pagination."""
    source = inspect.getsource(AbstractDestination.write_or_buffer_records)

    assert "publish" in source, f"{SEEN}destination.py takes for the end of a run"
    assert "self.finalize()" in source, f"{SEEN}destination.py does in its stead"
    assert "JobStatus.SUCCEEDED" in source, f"{SEEN}destination.py does in its stead"


def test_these_names_exist() -> None:
    """`destination.py` uses them."""
    assert isinstance(DestinationBuffer.is_empty, property)
    assert callable(DestinationBuffer.flush)
    assert {"succeeded", "full_refresh"} <= {JobStatus.SUCCEEDED.value, SourceSyncModes.FULL_REFRESH.value}
    assert {"job_id", "source_name", "stream_name", "sync_mode"} <= {*SyncMetadata.model_fields}, f"{SEEN}uses"
    assert {"from_source_iteration", "pagination"} <= {*DestinationIteration.model_fields}, f"{SEEN}uses"


def test_records_have_these_columns() -> None:
    """`destination.py` makes records of them."""
    wanted = {"source_record_id", "source_timestamp", "source_data", "bizon_extracted_at"}

    assert wanted <= {*destination_record_schema}, f"{SEEN}destination.py reads"


def test_the_settings_are_bizons_and_ours() -> None:
    """`settings.py` takes what bizon does not name as the connector's, so none of both may have one name."""
    from destination_dust.config.config import KNOWN

    assert {"name", "alias", "config"} == {*AbstractDestinationConfig.model_fields}, f"{SEEN}settings.py completes"
    assert set() == KNOWN & {*AbstractDestinationDetailsConfig.model_fields}, f"{SEEN}settings.py completes"


def test_every_abstract_method_is_there() -> None:
    """Or bizon could not make the destination."""
    assert frozenset() == DustDestination.__abstractmethods__, f"{SEEN}destination.py implements"
