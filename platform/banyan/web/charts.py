"""Charts from the server: HTML and SVG, no script and no inline style.

Colours are classes (``c1`` … ``c5``), so dark mode and an organisation's own colour need no second drawing; labels are
HTML text, so they keep their size at any width, print, and can be read aloud. Every chart takes no value, one value and
zeroes for what they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from banyan.kernel.errors import Text
from banyan.kernel.i18n import _

Number = int | float
COLOURS = 5


class Bar(NamedTuple):
    """A row of `bars`: ``url`` makes its name a link, ``note`` stands instead of the value."""

    name: Text
    value: Number
    url: str | None = None
    note: Text | None = None


def sparkline(values: Sequence[Number], label: Text) -> Markup:
    """A line without axes beside a figure; nothing with fewer than two values."""
    if len(values) < 2:
        return Markup("")
    low, high = min(values), max(values)
    step = 100 / (len(values) - 1)
    points = " ".join(f"{i * step:.1f},{26 - _share(v - low, high - low) * 22:.1f}" for i, v in enumerate(values))
    return Markup(
        '<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polyline points="{}"/></svg>'
    ).format(label, points)


def area(
    labels: Sequence[Text],
    values: Sequence[Number],
    unit: Text,
    title: Text,
    *,
    floor: Number | None = None,
    ceil: Number | None = None,
    ticks: int = 4,
) -> Markup:
    """One series over time. The plot stretches with the page, its text does not; a table stands behind it.

    :param unit: said after a value. :param floor: lower end of the scale, by default the smallest value.
    :param ceil: upper end. :param ticks: how many parts the scale has.
    """
    if not values:
        return nothing(title)
    low, high = _scale(values, floor, ceil, ticks)
    step = 100 / max(len(values) - 1, 1)
    left = 0.0 if len(values) > 1 else 50.0
    points = [(left + i * step, 100 - _share(v - low, high - low) * 96) for i, v in enumerate(values)]
    named = list(zip(labels, values, points, strict=True))
    summary = _("%(title)s, latest %(value)s %(unit)s", title=title, value=_figure(values[-1]), unit=unit)
    return Markup(
        '<figure class="chart" aria-label="{title}"><div class="plot"><div class="ylab" aria-hidden="true">{ylab}</div>'
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{summary}">'
        '<g class="grid">{grid}</g>{series}<g class="hit">{hits}</g></svg>'
        '<div class="xlab" aria-hidden="true">{xlab}</div></div>{table}</figure>'
    ).format(
        title=title,
        summary=summary,
        ylab=_join(
            Markup("<span>{}</span>"), ((_figure(round(low + (high - low) * i / ticks, 6)),) for i in _down(ticks))
        ),
        grid=_join(
            Markup('<line x1="0" x2="100" y1="{0}" y2="{0}"/>'),
            ((f"{100 - i * 96 / ticks:.1f}",) for i in _down(ticks)),
        ),
        series=_series(points),
        hits=_join(
            Markup('<rect x="{}" y="0" width="{}" height="100"><title>{}</title></rect>'),
            ((f"{x - step / 2:.2f}", f"{step:.2f}", _said(label, v, unit)) for label, v, (x, _y) in named),
        ),
        xlab=_join(Markup("<span>{}</span>"), ((label,) for label in labels)),
        table=_table(title, [(label, _figure(v)) for label, v, _point in named]),
    )


def bars(rows: Sequence[Bar | tuple[Text, Number]], unit: Text, title: Text, *, target: Number | None = None) -> Markup:
    """Horizontal bars as a real table.

    :param rows: their values are drawn as shares of the largest, or of 100 when ``unit`` is ``%``.
    :param target: with ``%``, where a mark stands; bars below it are ochre and say so.
    """
    drawn = [Bar(*row) for row in rows]
    if not drawn:
        return nothing(title)
    percent = str(unit) == "%"
    whole = 100 if percent else max(row.value for row in drawn)
    mark = Markup("")
    if percent and target is not None:
        mark = Markup('<line class="target" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(f"{target:g}")
    return Markup('<table class="bars"><caption class="visually-hidden">{}</caption><tbody>{}</tbody></table>').format(
        title, Markup("").join(_bar(row, whole, unit, target if percent else None, mark) for row in drawn)
    )


def stack(parts: Sequence[tuple[Text, Number]], title: Text) -> Markup:
    """One stacked bar with a legend; parts of a total of zero are listed and draw nothing."""
    if not parts:
        return nothing(title)
    total = sum(max(n, 0) for _label, n in parts)
    rects, keys, x = Markup(""), Markup(""), 0.0
    for i, (label, n) in enumerate(parts):
        width, colour = _share(n, total) * 100, f"c{i % COLOURS + 1}"
        share = f"{width:.1f}%"
        rects += Markup('<rect class="{}" x="{}%" width="{}%" height="22"><title>{}</title></rect>').format(
            colour,
            f"{x:.2f}",
            f"{width:.2f}",
            _("%(label)s: %(value)s (%(share)s)", label=label, value=_figure(n), share=share),
        )
        keys += Markup(
            '<li><svg width="10" height="10" aria-hidden="true"><rect class="{}" width="10" height="10" rx="2"/></svg>'
            "{}<b>{}</b><small>{}</small></li>"
        ).format(colour, label, _figure(n), share)
        x += width
    return Markup(
        '<figure class="stack" aria-label="{}"><svg width="100%" height="22" aria-hidden="true">'
        '<rect class="track" width="100%" height="22"/>{}</svg><ul class="legend">{}</ul></figure>'
    ).format(title, rects, keys)


def nothing(title: Text) -> Markup:
    """What stands where a chart would, while there is no figure."""
    return Markup('<p class="no-data" aria-label="{}">{}</p>').format(title, _("No figures yet."))


def _bar(row: Bar, whole: Number, unit: Text, target: Number | None, mark: Markup) -> Markup:
    short = target is not None and row.value < target
    name = Markup('<a href="{}">{}</a>').format(row.url, row.name) if row.url else escape(row.name)
    below = Markup('<span class="visually-hidden">{}</span>').format(_("below target")) if short else ""
    value = row.note if row.note is not None else Markup("{}<small>{}</small>").format(_figure(row.value), unit)
    return Markup(
        '<tr><th scope="row">{}</th><td class="bar"><svg width="100%" height="14" aria-hidden="true">'
        '<rect class="track" width="100%" height="14" rx="3"/><rect class="{}" width="{}%" height="14" rx="3"/>{}</svg>'
        '</td><td class="num">{}{}</td></tr>'
    ).format(name, "warn" if short else "c1", f"{_share(row.value, whole) * 100:.2f}", mark, value, below)


def _series(points: Sequence[tuple[float, float]]) -> Markup:
    if len(points) == 1:
        y = points[0][1]
        points = [(0.0, y), (100.0, y)]
    line = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    return Markup('<polygon class="fill" points="0,100 {0} 100,100"/><polyline class="line" points="{0}"/>').format(
        line
    )


def _table(title: Text, rows: Sequence[tuple[Text, str]]) -> Markup:
    return Markup(
        '<details class="data"><summary>{}</summary><table class="table table-sm">'
        '<caption class="visually-hidden">{}</caption><tbody>{}</tbody></table></details>'
    ).format(
        _("Show the figures"), title, _join(Markup('<tr><th scope="row">{}</th><td class="num">{}</td></tr>'), rows)
    )


def _scale(values: Sequence[Number], floor: Number | None, ceil: Number | None, ticks: int) -> tuple[Number, Number]:
    """The ends of a scale: those given, else round figures around the values."""
    low = min(values) if floor is None else floor
    high = max(values) if ceil is None else ceil
    whole = all(value == int(value) for value in values)
    step = _round_step((high - low) / ticks, whole)
    if floor is None:
        low = math.floor(low / step) * step
        if high > low + step * ticks:
            step = _round_step((high - low) / ticks, whole)
    if ceil is None:
        high = low + step * ticks
    # A flat line lies on the floor of a scale that still says where it is.
    return (low, high) if high > low else (low, low + ticks)


def _round_step(step: float, whole: bool) -> float:
    """1, 2, 2.5 or 5 times a power of ten, not below ``step``; for whole figures a whole number."""
    if step <= 0 or (whole and step <= 1):
        return 1
    power = 10.0 ** math.floor(math.log10(step))
    rounds = (power * n for n in (1, 2, 2.5, 5, 10))
    return next(r for r in rounds if r >= step and (not whole or r.is_integer()))


def _share(part: Number, whole: Number) -> float:
    """``part`` of ``whole`` between 0 and 1; 0 when there is no whole."""
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0


def _figure(value: Number) -> str:
    return f"{value:,.10g}" if value != int(value) else f"{int(value):,}"


def _said(label: Text, value: Number, unit: Text) -> str:
    return str(_("%(label)s: %(value)s %(unit)s", label=label, value=_figure(value), unit=unit))


def _join(template: Markup, rows: Iterable[Sequence[object]]) -> Markup:
    return Markup("").join(template.format(*row) for row in rows)


def _down(ticks: int) -> range:
    return range(ticks, -1, -1)
