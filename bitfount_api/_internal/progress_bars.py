"""Progress bars as HTML for notebooks, with the same in text."""

from __future__ import annotations

from typing import Final

import attrs

from bitfount_api._internal.html_tables import escape

_MAX_BARS: Final = 20


@attrs.define(eq=False)
class _Bar:
    label: str
    done: int
    total: int | None
    stopped: bool = False

    def __str__(self) -> str:
        if self.done == self.total:
            state = _size(self.done)
        elif self.total is None:
            state = f"{_size(self.done)} so far"
        else:
            state = f"{_size(self.done)} of {_size(self.total)}"
        return f"{self.label}: {state}{', stopped' if self.stopped else ''}"

    def html(self) -> str:
        # Without a value, browsers draw a bar that moves, also in a notebook that is opened later.
        known = self.total is not None or self.stopped
        value = f' value="{self.done}" max="{self.total or max(self.done, 1)}"' if known else ""
        return f"<div><label><progress{value}></progress> {escape(self)}</label></div>"


class ProgressBars:
    """A bar for each transfer. The notebook's theme gives the colours."""

    def __init__(self) -> None:
        self._bars: list[_Bar] = []
        self._unfinished: dict[str, _Bar] = {}

    def update(self, done: int, total: int | None, label: str) -> None:
        """Set the state of the transfer with this label. After its end, add another bar."""
        if label not in self._unfinished:
            self._unfinished[label] = _Bar(label, done, total)
            self._bars.append(self._unfinished[label])
        bar = self._unfinished[label]
        bar.done, bar.total = done, total
        if done == total:
            del self._unfinished[label]

    def close(self) -> None:
        """Mark the transfers that did not end as stopped."""
        for bar in self._unfinished.values():
            bar.stopped = True

    def _shown(self) -> list[_Bar]:
        """Return the unfinished bars and the newest of the others, in the order of their start."""
        finished = [bar for bar in self._bars if bar not in self._unfinished.values()]
        shown = [*self._unfinished.values(), *reversed(finished)][:_MAX_BARS]
        return [bar for bar in self._bars if bar in shown]

    def _rest(self) -> list[str]:
        rest = len(self._bars) - _MAX_BARS
        return [f"… and {rest:,} more"] if rest > 0 else []

    def __repr__(self) -> str:
        return "\n".join([*map(str, self._shown()), *self._rest()])

    def _repr_html_(self) -> str:
        rest = "".join(f"<div>{line}</div>" for line in self._rest())
        return "".join(bar.html() for bar in self._shown()) + rest


def _size(count: int) -> str:
    """Return a number of bytes in the largest unit of which there is at least one."""
    for power, unit in ((3, "GiB"), (2, "MiB"), (1, "KiB")):
        if count >= 1024**power:
            return f"{count / 1024**power:.1f} {unit}"
    return f"{count:,} byte{'' if count == 1 else 's'}"
