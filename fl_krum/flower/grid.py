"""Flower's grid, for a run that outlasts a SuperLink that is too busy.

A SuperLink whose database is locked answers with an error of its own (HTTP 5xx), and Flower's grid
raises it: one such answer would end a training of many hours. Connections that break are Flower's
affair; it tries them again itself.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from logging import WARNING

from flwr.app import Message
from flwr.common.logger import log
from flwr.serverapp import Grid

_BUSY = 60.0  # seconds for which the SuperLink is asked again who is there
_PAUSE = 1.0  # seconds between two questions


class LinkError(Exception):
    """The SuperLink has answered with an error of its own."""


@contextlib.contextmanager
def _link() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", 0)
        if not 500 <= status < 600:
            raise  # that the run was stopped, for instance
        raise LinkError(f"the SuperLink has failed (HTTP {status})") from error


class PatientGrid(Grid):
    """A grid of Flower's that goes on when the SuperLink has failed for a while.

    Parameters
    ----------
    grid : Grid
    watches : callable
        Tells of messages whether `watch` waits for their replies.
    watch : callable
        Sends messages through this grid, and returns the replies.
    """

    def __init__(
        self,
        grid: Grid,
        watches: Callable[[list[Message]], bool],
        watch: Callable[[Grid, list[Message]], list[Message]],
    ):
        self._grid, self._watches, self._watch = grid, watches, watch

    def send_and_receive(self, messages, *, timeout=None):
        """Replies; none where the SuperLink fails. Nothing is asked again: it might come twice."""
        messages = list(messages)
        if not messages:
            return []
        if self._watches(messages):
            return self._watch(self, messages)
        try:
            with _link():
                return self._grid.send_and_receive(messages, timeout=timeout)
        except LinkError as error:
            log(WARNING, "\t%s", error)
            return []

    def push_messages(self, messages):
        """As `flwr.serverapp.Grid.push_messages`.

        Raises
        ------
        LinkError
            The SuperLink has failed. Clients may have some of the messages.
        """
        with _link():
            return self._grid.push_messages(messages)

    def pull_messages(self, message_ids):
        """Replies that are there; none where the SuperLink fails, for the caller will ask again."""
        try:
            with _link():
                return self._grid.pull_messages(message_ids)
        except LinkError as error:
            log(WARNING, "\t%s", error)
            return []

    def get_node_ids(self):
        """The nodes that are online.

        Raises
        ------
        LinkError
            The SuperLink fails for a minute.
        """
        return self._ask(self._grid.get_node_ids)

    def get_nodes(self):
        """The same, with their keys."""
        return self._ask(self._grid.get_nodes)

    def _ask(self, question: Callable[[], Iterable]) -> list:
        until = time.monotonic() + _BUSY
        while True:
            try:
                with _link():
                    return list(question())
            except LinkError as error:
                if time.monotonic() > until:
                    raise
                log(WARNING, "\t%s and is asked again", error)
                time.sleep(_PAUSE)

    def set_run(self, run) -> None:
        self._grid.set_run(run)

    @property
    def run(self):
        return self._grid.run

    def create_message(self, *arguments, **options) -> Message:
        return self._grid.create_message(*arguments, **options)
