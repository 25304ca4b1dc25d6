"""Find the changes of parameters, bodies and answers, and whether they break callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from changes import Change, unknown
from schema_changes import Comparison, Direction
from spec_nodes import Node, follow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARAMETER = frozenset({"name", "in", "required", "allowEmptyValue", "schema", "content"})
HEADER = frozenset({"required", "schema", "content"})
ANSWER = frozenset({"content", "headers", "links"})


class MessageComparison:
    """Compares what operations of two specs receive and answer.

    Args:
        old: The old spec, without defaults.
        new: The new spec, without defaults.
    """

    def __init__(self, old: Node, new: Node) -> None:
        self._old = old
        self._new = new
        self._requests = Comparison(old, new, Direction.REQUEST)
        self._answers = Comparison(old, new, Direction.ANSWER)

    def parameters(
        self, before: Mapping[tuple[str, str], Node], after: Mapping[tuple[str, str], Node]
    ) -> Iterator[Change]:
        """Yield the changes between the parameters of an operation, by kind and name."""
        for key in dict.fromkeys([*before, *after]):
            old, new = before.get(key), after.get(key)
            at = f"{key[0]} parameter {(new or old or {})['name']}"
            if new is None:
                yield Change(True, at, "is gone")
            elif old is None:
                required = bool(new.get("required"))
                yield Change(required, at, "is new, and required" if required else "is new")
            else:
                yield from self._parameter(old, new, at)

    def _parameter(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        if old["name"].lower() != new["name"].lower():
            yield Change(False, at, f"was renamed from {old['name']}; requests are unchanged")
        yield from _requirement(old, new, at, Direction.REQUEST)
        if old.get("allowEmptyValue") != new.get("allowEmptyValue"):
            allowed = bool(new.get("allowEmptyValue"))
            yield Change(not allowed, at, f"can {'' if allowed else 'no longer '}be empty")
        yield from unknown(old, new, at, PARAMETER)
        yield from self._value(old, new, self._requests, at)

    def _value(self, old: Node, new: Node, comparison: Comparison, at: str) -> Iterator[Change]:
        """Compare the schema of a parameter or header, or its content."""
        if "content" in old and "content" in new:
            yield from self._contents(old, new, comparison, at)
        elif "content" in old or "content" in new:
            yield Change(True, at, "is written otherwise")
        else:
            yield from comparison.changes(old.get("schema", {}), new.get("schema", {}), at)

    def body(self, old: Node, new: Node) -> Iterator[Change]:
        """Yield the changes between the bodies of a request, which are empty if there is none."""
        old, new = follow(self._old, old), follow(self._new, new)
        if new and not old:
            yield Change(bool(new.get("required")), "request", "has a body now")
        elif old and not new:
            yield Change(True, "request", "no longer has a body")
        else:
            yield from _requirement(old, new, "the body of the request", Direction.REQUEST)
            yield from unknown(old, new, "request", frozenset({"required", "content"}))
            yield from self._contents(old, new, self._requests, "request")

    def _contents(self, old: Node, new: Node, comparison: Comparison, at: str) -> Iterator[Change]:
        was, now = old.get("content", {}), new.get("content", {})
        request = comparison is self._requests
        if now and not was:
            yield Change(request, at, "has contents now")
            return
        for kind in sorted(was.keys() | now.keys()):
            before, after = _content(was, kind), _content(now, kind)
            if after is None:
                # A service may answer with fewer types, if callers expect any of them.
                fewer = not request and "*" in kind and any(_content(was, k) == kind for k in now)
                yield Change(not fewer, at, f"can no longer be {kind}")
            elif before is None:
                yield Change(not request, at, f"can be {kind} now")
            else:
                schemas = was[before].get("schema", {}), now[after].get("schema", {})
                yield from comparison.changes(*schemas, at)
                yield from unknown(was[before], now[after], at, frozenset({"schema"}))

    def answers(self, before: Node, after: Node) -> Iterator[Change]:
        """Yield the changes between the answers of an operation, by status.

        Callers handle new errors like any other. Callers that check the status reject a success
        status that they do not know.
        """
        for status in sorted(before.keys() | after.keys()):
            at = f"answer {status}"
            was, now = _answer(before, status), _answer(after, status)
            if now is None:
                # Callers expect every status of a range, so one of them can be enough.
                replaced = not status.isdecimal() and any(_succeeds(after, k) for k in after)
                yield Change(_succeeds(before, status) and not replaced, at, "is gone")
            elif was is None:
                yield Change(_succeeds(after, status), at, "is new")
            else:
                if was != now:
                    what = f"was part of {was}" if now == status else f"is part of {now} now"
                    yield Change(False, at, what)
                old, new = follow(self._old, before[was]), follow(self._new, after[now])
                yield from self._contents(old, new, self._answers, at)
                yield from self._headers(old, new, at)
                yield from _links(old.get("links", {}), new.get("links", {}), at)
                yield from unknown(old, new, at, ANSWER)

    def _headers(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = _headers(self._old, old), _headers(self._new, new)
        for key in sorted(was.keys() | now.keys()):
            here = f"{at}: header {(now.get(key) or was[key])[0]}"
            if key not in now:
                yield Change(True, here, "is gone")
            elif key not in was:
                yield Change(False, here, "is new")
            else:
                before, after = was[key][1], now[key][1]
                yield from _requirement(before, after, here, Direction.ANSWER)
                yield from unknown(before, after, here, HEADER)
                yield from self._value(before, after, self._answers, here)


def _requirement(old: Node, new: Node, at: str, direction: Direction) -> Iterator[Change]:
    if bool(old.get("required")) != bool(new.get("required")):
        required = bool(new.get("required"))
        breaking = required is (direction is Direction.REQUEST)
        yield Change(breaking, at, "is required now" if required else "is no longer required")


def _links(was: Node, now: Node, at: str) -> Iterator[Change]:
    yield from unknown(was, {name: now.get(name) for name in was}, f"{at}: links", frozenset())
    yield from (Change(False, f"{at}: links", f"{name} is new") for name in now.keys() - was)


def _headers(spec: Node, answer: Node) -> dict[str, tuple[str, Node]]:
    """Return the names and nodes of headers, by what identifies them."""
    # OpenAPI ignores the content type, which is described elsewhere.
    return {
        name.lower(): (name, follow(spec, node))
        for name, node in answer.get("headers", {}).items()
        if name.lower() != "content-type"
    }


def _content(contents: Node, kind: str) -> str | None:
    """Return which of some media types and their ranges describes a media type."""
    plain = kind.partition(";")[0]
    candidates = (kind, plain, f"{plain.partition('/')[0]}/*", "*/*")
    return next((each for each in candidates if each in contents), None)


def _answer(answers: Node, status: str) -> str | None:
    """Return which of some statuses, ranges and ``default`` describes a status."""
    for each in dict.fromkeys((status, f"{status[0]}XX", "default")):
        stands_for_errors = each == "default" != status and not _succeeds(answers, "default")
        if each in answers and not (stands_for_errors and status[0] == "2"):
            return each
    return None


def _succeeds(answers: Node, status: str) -> bool:
    """Return whether an answer means success, as ``default`` does if nothing else does."""
    if status == "default":
        return not any(each.startswith("2") for each in answers)
    return status.startswith("2")
