"""The chart of the limit on document upserts: the accepted upserts in its window over time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from local_dust.control.arrivals import Arrival
from local_dust.limits import Limits
from local_dust.server.page.markup import Html, element, joined

LONGEST = 600.0
SAMPLES = 300
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 960, 170, 40, 12, 22


def window_chart(arrivals: Sequence[Arrival], limits: Limits, now: float) -> Html:
    """Accepted upserts per `window_seconds` over the last ten minutes at most, with refusals below.

    Leaves out upserts that Dust counted but then refused for their content, or never answered.
    """
    since = now - LONGEST - limits.window_seconds
    upserts: list[Arrival] = []
    for arrival in reversed(arrivals):
        if arrival.time < since:
            break
        if arrival.is_upsert:
            upserts.append(arrival)
    upserts.reverse()
    accepted = [arrival.time for arrival in upserts if arrival.status == 200]
    refused = [arrival.time for arrival in upserts if arrival.status == 429]
    first = upserts[0].time if upserts else now
    length = min(max(now - first, 2 * limits.window_seconds), LONGEST)
    return joined(_title(accepted, refused, limits, now), _svg(accepted, refused, limits, now, length))


def _within(times: list[float], until: float, window: float) -> int:
    return bisect_right(times, until) - bisect_right(times, until - window)


def _title(accepted: list[float], refused: list[float], limits: Limits, now: float) -> Html:
    count = _within(accepted, now, limits.window_seconds)
    limit = "no limit" if limits.upserts_per_minute is None else f"of {limits.upserts_per_minute}"
    lately = _within(refused, now, limits.window_seconds)
    return element(
        "p",
        element("strong", str(count)),
        f" {limit} document upserts in the last {limits.window_seconds:g} s, {lately} refused",
    )


def _svg(accepted: list[float], refused: list[float], limits: Limits, now: float, length: float) -> Html:
    moments = [now - length + length * sample / SAMPLES for sample in range(SAMPLES + 1)]
    counts = [_within(accepted, moment, limits.window_seconds) for moment in moments]
    top = 1.15 * max(*counts, limits.upserts_per_minute or 0, 1)

    def x(moment: float) -> float:
        return LEFT + (WIDTH - LEFT) * (1 - (now - moment) / length)

    def y(count: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / top)

    points = "".join(f"L{x(moment):.1f} {y(count):.1f}" for moment, count in zip(moments, counts, strict=True))
    shapes = [element("path", d=f"M{LEFT} {y(0):.1f}{points}L{WIDTH} {y(0):.1f}Z", class_="accepted")]
    for moment in refused:
        if moment >= now - length:
            shapes.append(_line(x(moment), y(0) + 1, x(moment), y(0) + 7, "refused"))
    if limits.upserts_per_minute is not None:
        level = y(limits.upserts_per_minute)
        shapes.append(_line(LEFT, level, WIDTH, level, "limit"))
        shapes.append(_label(LEFT - 6, level + 4, str(limits.upserts_per_minute), "end"))
    shapes.append(_line(LEFT, y(0), WIDTH, y(0), "axis"))
    shapes.append(_label(LEFT - 6, y(0) + 4, "0", "end"))
    shapes.append(_label(LEFT, HEIGHT - 5, _ago(length), "start"))
    shapes.append(_label(WIDTH, HEIGHT - 5, "now", "end"))
    return element("svg", *shapes, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label="Upserts in the window")


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    return element("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", class_=kind)


def _label(x: float, y: float, text: str, anchor: str) -> Html:
    return element("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"
