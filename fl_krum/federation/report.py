"""The JSON file of a session: whole on disk after every round, and read again to go on from there.

Whatever ends a run, the file has all rounds that were finished by then, and what was there under
its name before is replaced by a whole file or not at all. docs/records.md explains the keys, and
`session.schema.json` beside this file is their schema in the form of JSON Schema (draft 7).
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .records import RoundRecord, plain

FORMAT = "fl_krum session"
SCHEMA = 1  # rises when a key changes its meaning or goes; new keys do not raise it


class Report:
    """Writes the file of one session.

    Parameters
    ----------
    path : path
    settings : dict
        ``FederatedSession.settings``.
    start : array_like, shape (d,)
        The first global model.
    earlier : sequence of RoundRecord
        Rounds that an earlier run has left.

    Raises
    ------
    OSError
        The file cannot be written, or somebody else has written it since the round before.
    """

    def __init__(self, path, settings: dict[str, Any], start, earlier=()):
        self.path = Path(path)
        self._head = {
            "format": FORMAT, "schema": SCHEMA, "settings": settings, "start": np.array(start),
        }  # fmt: skip
        self._rounds = [_line(record.as_json()) for record in earlier]
        self._alongside: dict | None = earlier[-1].alongside if earlier else None
        self._more: dict[str, Any] = {}
        self._written: tuple[int, int] | None = None  # `_mark` of our last file

    def add(self, record: RoundRecord, **more) -> None:
        """Write the file with one more round; `more` is further keys of the file."""
        self._rounds.append(_line(record.as_json()))
        self._alongside = record.alongside
        self._more |= more
        self._write(finished=False)

    def finish(self, **more) -> None:
        """Write it for the last time."""
        self._more |= more
        self._write(finished=True)

    def is_ours(self) -> bool:
        """Whether nobody else has written a file there after us, such as a second session."""
        return _mark(self.path) in (self._written, None)

    def _write(self, finished: bool) -> None:
        head = {**self._head, **self._more, "finished": finished, "alongside": self._alongside}
        # A line for every key and every round: quick to write again, and to search with grep.
        lines = [f'"{key}": {_line(value)}' for key, value in head.items()]
        lines.append('"rounds": [\n' + ",\n".join(self._rounds) + "\n]")
        if self._written and not self.is_ours():
            raise OSError(
                f"{self.path} has been written by somebody else; every session needs a file of its "
                "own"
            )
        write_whole(self.path, "{" + ",\n".join(lines) + "}\n")
        self._written = _mark(self.path)


def _mark(path: Path) -> tuple[int, int] | None:
    """What tells a file from one that is put in its place; None where there is none."""
    if not path.is_file():
        return None
    state = path.stat()
    return state.st_ino, state.st_mtime_ns


def _line(value) -> str:
    return json.dumps(plain(value), allow_nan=False)


@dataclass(frozen=True)
class Stored:
    """A session as its file has it.

    Attributes
    ----------
    settings : dict
    start : ndarray, shape (d,)
        The first global model.
    records : list of RoundRecord
        Without `updates`; the last one has the models `alongside`.
    more : dict
        All other keys.
    """

    settings: dict[str, Any]
    start: np.ndarray
    records: list[RoundRecord]
    more: dict[str, Any] = field(default_factory=dict)


def read_report(path) -> Stored:
    """Read what `Report` has written.

    Raises
    ------
    ValueError
        It is no such file, or of a schema that this version does not know.
    OSError
        It cannot be read.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise KeyError("format")
        schema = content["schema"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path} is not the file of a session: `session --json {path}` writes one"
        ) from None
    if schema != SCHEMA:
        raise ValueError(f"{path} has the schema {schema!r}; this version reads {SCHEMA}")
    try:
        records = [RoundRecord.from_json(one) for one in content.pop("rounds")]
        models = content.pop("alongside")
        if records and models is not None:
            arrays = {key: np.array(value, float) for key, value in models.items()}
            vars(records[-1]).update(alongside=arrays)
        return Stored(content.pop("settings"), np.array(content.pop("start")), records, content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: {type(error).__name__}: {error}") from None


def write_whole(path, content: str | bytes) -> None:
    """Write a file so that its name always stands for a whole one, the old or the new.

    Raises
    ------
    OSError
        It names the file, and what was there is still there.
    """
    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        target = path.resolve()  # a link stays one
        if target.exists() and (not target.is_file() or not os.access(target.parent, os.W_OK)):
            target.write_bytes(data)  # a device or a pipe; or a folder that takes no new file
        else:
            _replace(target, data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _replace(target: Path, data: bytes) -> None:
    new = target.with_name(f".fl_krum-{os.urandom(6).hex()}")
    try:
        with new.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            new.chmod(target.stat().st_mode & 0o7777)
        os.replace(new, target)
    except BaseException:  # Ctrl-C too
        with contextlib.suppress(OSError):
            new.unlink()
        raise
