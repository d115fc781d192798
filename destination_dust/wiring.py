"""Builds a sync, or the client of a check, from the settings."""

from __future__ import annotations

import logging
from collections.abc import Callable

from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.completion import Completion
from destination_dust.airbyte.input import Lines
from destination_dust.airbyte.ledger import Ledger
from destination_dust.airbyte.messages import LineReader
from destination_dust.config import Config, DataFormat, OnRecordError
from destination_dust.config.warnings import stream_warnings, warnings
from destination_dust.dust.client import DustClient, connect
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.retrying import Clock
from destination_dust.dust.traffic import Traffic
from destination_dust.reporting.progress import Display, Progress
from destination_dust.reporting.terminal import LIVE_INTERVAL
from destination_dust.sync import Sync
from destination_dust.version import VERSION
from destination_dust.workers import Lane, Workers
from destination_dust.writers.documents.writer import DocumentsWriter
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import Submit
from destination_dust.writers.tables.context import ConfirmationTiming, RequestLimits, TablesContext
from destination_dust.writers.tables.writer import TablesWriter
from destination_dust.writers.writer import Writer

logger = logging.getLogger("airbyte")

# Enough for several minutes of Dust's document limit, so that finished calls never wait for input.
MAX_CALLS = 1000
MAX_BYTES = 64 * 1024 * 1024
USER_AGENT = f"airbyte-destination-dust/{VERSION}"
# Less than `check_limit`, so that a check that keeps failing says why.
CHECK_BUDGET = 15.0

Connect = Callable[..., DustClient]
"""Makes a client, as `dust.client.connect` does."""


def build_sync(
    config: Config,
    catalog: Catalog,
    input: Lines,
    *,
    display: Display | None = None,
    client: DustClient | None = None,
    connect: Connect = connect,
    reader: LineReader | None = None,
    check_reader: Callable[[], None] = lambda: None,
) -> Sync:
    """Build a sync that reads from `input`.

    `display`: live display, if any; `client`: that of a host for all of its syncs, None for one of this sync's own;
    `reader`, `check_reader`: see `Sync`.
    """
    threads = _threads(config)
    workers = Workers(threads, max_calls=MAX_CALLS, max_bytes=MAX_BYTES, wake=input.wake)
    pacer = client.pacer if client else Pacer(config.documents_per_minute)
    client = client or _connected(config, pacer, connect)
    interval = LIVE_INTERVAL if display else config.timing.progress_interval
    traffic = Traffic()
    progress = Progress(interval=interval, pacer=pacer, traffic=traffic, display=display)
    client = client.for_sync(clock=Clock(pause=workers.stopping.wait), on_retry=progress.retrying, traffic=traffic)
    streams = [plan.stream for plan in catalog]
    ledger = Ledger(streams)
    outcomes = Outcomes(ledger, progress, config.on_record_error)
    writer = _writer(config, catalog, client, workers.submit, outcomes)
    completion = Completion(streams, end_of_input_is_complete=config.end_of_input_is_complete)
    return Sync(
        input,
        catalog,
        writer,
        workers,
        ledger,
        outcomes,
        progress,
        completion,
        reader=reader,
        check_reader=check_reader,
    )


def client_for_syncs(config: Config) -> DustClient:
    """Build a client for all syncs of a host: each knows what the earlier ones have learnt of Dust."""
    return _connected(config, Pacer(config.documents_per_minute), connect)


def _connected(config: Config, pacer: Pacer, connect: Connect) -> DustClient:
    return connect(
        config.connection,
        pacer,
        user_agent=USER_AGENT,
        connections=sum(_threads(config).values()),
        budget=config.timing.retry_budget,
        deadline=config.timing.call_deadline,
    )


def client_for_check(config: Config) -> DustClient:
    """Build a client that soon gives up."""
    pacer = Pacer(config.documents_per_minute)
    return connect(config.connection, pacer, user_agent=USER_AGENT, connections=1, budget=CHECK_BUDGET)


def _threads(config: Config) -> dict[Lane, int]:
    if config.data_format is DataFormat.TABLES:
        # None of their calls waits for the upsert limit, and many tables are written side by side.
        return {Lane.FREE: 2 * config.max_concurrency}
    return {Lane.LIMITED: config.max_concurrency, Lane.FREE: max(4, config.max_concurrency // 4)}


def _writer(config: Config, catalog: Catalog, client: DustClient, submit: Submit, outcomes: Outcomes) -> Writer:
    for warning in stream_warnings(catalog):
        logger.warning("%s", warning)
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
            split=config.on_record_error is OnRecordError.SPLIT,
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
