"""One fork server for all players that tests start by themselves, and for players of hosts, which
would have an interpreter each: one that imports NumPy takes longer than most programs of the tests.
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


def start(command):
    """The process of a host's player (``start`` of `HostPlayer`)."""
    if the_fork_server() and command.player_arguments:
        return the_fork_server().start(command.player_arguments)
    return SpawnedProcess(command)
