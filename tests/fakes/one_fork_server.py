"""One fork server for all players that a process of the tests starts.

An interpreter that imports NumPy takes longer than most programs of the tests. So runs do not have
a fork server each, and players of hosts, which would have an interpreter each, are forked too.
"""

from functools import cache

from fl_krum.players import fork_server
from fl_krum.players.launching import fork_server_command
from fl_krum.players.process import SpawnedProcess


@cache
def the_fork_server():
    """It ends with this process; None where there is none."""
    command = fork_server_command()
    return command and fork_server.ForkServer(command)


class Lent:
    """What a run has in place of a `ForkServer` of its own."""

    def __init__(self, server):
        self._server, self._processes, self._closed = server, [], False

    lost = property(lambda self: self._server.lost)
    last_words = property(lambda self: self._server.last_words)

    def start(self, arguments):
        if self._closed:
            raise OSError("their fork server has been ended")
        self._processes.append(self._server.start(arguments))
        return self._processes[-1]

    def close(self):
        """End the players of this run, and wait until they are gone."""
        self._closed = True
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()


def start(command):
    """The process of a host's player (``start`` of `HostPlayer`)."""
    if the_fork_server() and command.player_arguments:
        return the_fork_server().start(command.player_arguments)
    return SpawnedProcess(command)


def share(patch):
    """Let all runs have it; where players are started one by one nothing changes."""
    if fork_server_command():
        patch.setattr(fork_server, "launch", lambda command: None)
        patch.setattr(fork_server, "take", lambda command: Lent(the_fork_server()))
