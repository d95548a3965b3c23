"""
Gradescope's ``submission_metadata.yml``: who handed in which folder, and when.

    submission_311:
      :submitters:
      - :name: Ada Lovelace
        :sid: '815'
        :email: ada@example.org
      :created_at: 2026-03-01 12:00:00.5 Z

Names in it are students' texts. The file is read as a stream of YAML's events, and nothing is built but texts: tags
mean nothing (the file comes from Ruby, and has some), what an alias may stand for is a text, so that no few bytes can
become many, and of each submission only these two keys are kept, however large its results are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

__all__ = ["METADATA", "Metadata", "read_metadata", "sortable_time"]

METADATA = "submission_metadata.yml"
_MOST_BYTES = 128 << 20
"""Five hundred students with the outputs of all their attempts; read in about a minute, in constant memory."""
_MOST_EVENTS = 20_000_000
_MOST_DEPTH = 40
_MOST_TEXT = 1_000
_MOST_PEOPLE = 100
_MOST_SUBMISSIONS = 20_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?\s*(?:(?:UTC|GMT)?([+-]\d\d):?(\d\d))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Of one submission: (id, name, email) of each who handed it in, and when."""

    people: tuple[tuple[str, str, str], ...]
    at: str


class _Refused(Exception):
    """The file is above a limit, or is no mapping of submissions."""


def read_metadata(path: Path) -> tuple[dict[str, Metadata], str]:
    """Return what the file says by submission, and what is wrong with it; never raises for its content."""
    found: dict[str, Metadata] = {}
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            if os.fstat(handle).st_size > _MOST_BYTES:
                raise _Refused(f"it has more than {_MOST_BYTES >> 20} MiB")
            _read(_Events(yaml.parse(file, Loader=_Loader)), found)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        return found, f"{METADATA}: {line}not YAML: {error.problem}"
    except (_Refused, OSError, ValueError, yaml.YAMLError) as error:
        return (
            found,
            f"{METADATA} cannot be read whole: {str(error).splitlines()[0][:200] if str(error) else 'damaged'}",
        )
    return found, ""


def sortable_time(text: str) -> str:
    """Return a time as text that sorts, in UTC where the zone is known by its number; empty for what is no time."""
    found = _TIME.search(text[:100])
    if found is None:
        return ""
    day, clock, fraction, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
        away = timedelta(
            hours=int(hours or 0), minutes=int(minutes or 0) * (-1 if (hours or "").startswith("-") else 1)
        )
        return moment.replace(tzinfo=timezone(away)).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    except (ValueError, OverflowError):
        return ""


class _Events:
    """The events of a file, counted, with the texts that its anchors name."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._room = _MOST_EVENTS
        self.anchors: dict[str, str] = {}

    def next(self) -> Any:
        """Return the next event."""
        self._room -= 1
        if self._room < 0:
            raise _Refused(f"it has more than {_MOST_EVENTS} entries")
        event = next(self._events, None)
        if event is None:
            raise _Refused("it ends in the middle")
        return event

    def value(self, event: Any, depth: int = 0, *, keep: bool = True) -> Any:
        """Return a text, list or dict of texts; an alias is the text that it stands for, or nothing."""
        if depth > _MOST_DEPTH:
            raise _Refused(f"it is nested more than {_MOST_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            return self.anchors.get(event.anchor, "")
        if isinstance(event, yaml.ScalarEvent):
            text = str(event.value)[:_MOST_TEXT]
            if event.anchor and len(self.anchors) < _MOST_SUBMISSIONS:
                self.anchors[event.anchor] = text
            return text
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(inner := self.next(), yaml.SequenceEndEvent):
                value = self.value(inner, depth + 1, keep=keep)
                if keep and len(items) < _MOST_PEOPLE:
                    items.append(value)
            return items
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth, keep=keep)
        raise _Refused("it is no mapping of submissions")

    def _mapping(self, depth: int, *, keep: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            key = self.value(event, depth + 1, keep=False)
            value = self.value(self.next(), depth + 1, keep=keep)
            if keep and isinstance(key, str) and len(found) < _MOST_PEOPLE:
                found[key.removeprefix(":")] = value
        return found


def _read(events: _Events, found: dict[str, Metadata]) -> None:
    """Read the one document of the file: a mapping of submissions, of which two keys are kept."""
    while not isinstance(event := events.next(), (yaml.DocumentStartEvent, yaml.StreamEndEvent)):
        pass
    if isinstance(event, yaml.StreamEndEvent) or not isinstance(events.next(), yaml.MappingStartEvent):
        raise _Refused("it is no mapping of submissions")
    while not isinstance(event := events.next(), yaml.MappingEndEvent):
        name = events.value(event)
        about: dict[str, Any] = {}
        event = events.next()
        if not isinstance(event, yaml.MappingStartEvent):
            events.value(event, keep=False)
        else:
            while not isinstance(key_event := events.next(), yaml.MappingEndEvent):
                key = events.value(key_event)
                wanted = isinstance(key, str) and key.removeprefix(":") in ("submitters", "created_at")
                value = events.value(events.next(), keep=wanted)
                if wanted:
                    about[key.removeprefix(":")] = value
        if len(found) >= _MOST_SUBMISSIONS:
            raise _Refused(f"it lists more than {_MOST_SUBMISSIONS} submissions")
        if isinstance(name, str):
            found[name] = _metadata(about)


def _metadata(about: dict[str, Any]) -> Metadata:
    """Return what is known of one submission; what is of another kind than it should be is not known."""
    submitters = about.get("submitters")
    people = [
        tuple(_text(each.get(key)) for key in ("sid", "name", "email"))
        for each in (submitters if isinstance(submitters, list) else [])
        if isinstance(each, dict)
    ]
    at = about.get("created_at")
    if isinstance(at, dict):  # a time with its zone, as Ruby writes it
        at = at.get("utc", at.get("time"))
    return Metadata(tuple((a, b, c) for a, b, c in people if a or b or c), sortable_time(_text(at)))


def _text(value: object) -> str:
    """Return a text without blanks around it; YAML's words for nothing are nothing."""
    text = value.strip() if isinstance(value, str) else ""
    return "" if text in ("~", "null") else text
