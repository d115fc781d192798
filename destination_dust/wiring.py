"""Builds a sync, or the client of a check, from the settings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.completion import Completion
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.ledger import Ledger
from destination_dust.config import Config, DataFormat
from destination_dust.config.warnings import warnings
from destination_dust.dust.client import DustClient, connect
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.retrying import Clock
from destination_dust.reporting.progress import Progress
from destination_dust.reporting.terminal import LIVE_INTERVAL, Terminal
from destination_dust.sync import Sync
from destination_dust.workers import Lane, Workers
from destination_dust.writers.documents.writer import DocumentsWriter
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import Submit
from destination_dust.writers.tables.context import ConfirmationTiming, TablesContext
from destination_dust.writers.tables.limits import RequestLimits
from destination_dust.writers.tables.writer import TablesWriter
from destination_dust.writers.writer import Writer

logger = logging.getLogger("airbyte")

# Enough for several minutes of Dust's document limit, so that finished calls never wait for input.
MAX_CALLS = 1000
MAX_BYTES = 64 * 1024 * 1024
# Less than `check_limit`, so that a check that keeps failing says why.
CHECK_BUDGET = 15.0

Connect = Callable[..., DustClient]
"""Makes a client, as `dust.client.connect` does."""


def build_sync(
    config: Config,
    catalog: Catalog,
    input: Input,
    *,
    terminal: Terminal | None = None,
    connect: Connect = connect,
    check_reader: Callable[[], None] = lambda: None,
) -> Sync:
    """Build a sync that reads from `input`; `terminal`: live display, if any; `check_reader`: see `Sync`."""
    threads = {Lane.LIMITED: config.max_concurrency, Lane.FREE: max(4, config.max_concurrency // 4)}
    if config.data_format is DataFormat.TABLES:
        # None of their calls waits for the upsert limit, and many tables are written side by side.
        threads = {Lane.FREE: 2 * config.max_concurrency}
    workers = Workers(threads, max_calls=MAX_CALLS, max_bytes=MAX_BYTES, wake=input.wake)
    pacer = Pacer(config.documents_per_minute)
    interval = LIVE_INTERVAL if terminal else config.timing.progress_interval
    progress = Progress(interval=interval, pacer=pacer, display=terminal)
    client = connect(
        config.connection,
        pacer,
        user_agent=_user_agent(),
        connections=sum(threads.values()),
        budget=config.timing.retry_budget,
        deadline=config.timing.call_deadline,
        clock=Clock(pause=workers.stopping.wait),
        on_retry=progress.retrying,
    )
    streams = [plan.stream for plan in catalog]
    ledger = Ledger(streams)
    outcomes = Outcomes(ledger, progress, config.on_record_error)
    writer = _writer(config, catalog, client, workers.submit, outcomes)
    completion = Completion(streams, end_of_input_is_complete=config.end_of_input_is_complete)
    return Sync(input, catalog, writer, workers, ledger, outcomes, progress, completion, check_reader=check_reader)


def client_for_check(config: Config) -> DustClient:
    """Build a client that soon gives up."""
    pacer = Pacer(config.documents_per_minute)
    return connect(config.connection, pacer, user_agent=_user_agent(), connections=1, budget=CHECK_BUDGET)


def _writer(config: Config, catalog: Catalog, client: DustClient, submit: Submit, outcomes: Outcomes) -> Writer:
    if config.data_format is DataFormat.DOCUMENTS:
        for warning in warnings(config.documents, catalog):
            logger.warning("%s", warning)
        return DocumentsWriter(
            client,
            submit,
            outcomes,
            {plan.stream: config.documents.shape_of(plan.stream) for plan in catalog},
            upserts=config.max_concurrency,
            per_minute=config.documents_per_minute,
            skip_unchanged=config.skip_unchanged,
        )
    timing = config.timing
    context = TablesContext(
        client,
        submit,
        outcomes,
        RequestLimits(config.table_batch_size),
        ConfirmationTiming(timing.confirmation_delay, timing.confirmation_limit),
        batch_age=timing.batch_age,
        confirm=config.confirm_rows,
    )
    return TablesWriter(context, prefix=config.table_id_prefix, deletes=config.cdc_deletes)


def _user_agent() -> str:
    """The name and version that the connector sends to Dust."""
    try:
        return f"airbyte-destination-dust/{version('destination-dust')}"
    except PackageNotFoundError:
        return "airbyte-destination-dust"
