"""Folders of hosts, all on this machine: whose they are, and their commands run together."""

import shutil
import subprocess

from fl_krum.program.krum_program import KrumProgram

HOSTS = ["server.example.org", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]


def program(**others):
    return KrumProgram(**{"n": 5, "f": 1, "d": 2, "rounds": 2, **others})


def exchange_certificates(folders, short_keys=False):
    """As the hosts do, by whatever way. To make long RSA keys takes longer than all else does: with
    `short_keys` the first host alone has one."""
    for i, folder in enumerate(folders):
        command = folder / "make_key.sh"
        if i and short_keys:
            command.write_text(command.read_text().replace("rsa:2048", "rsa:1024"))
        subprocess.run([command], check=True, capture_output=True)
    for folder in folders:
        for other in set(folders) - {folder}:
            shutil.copytree(other / "certificates", folder / "certificates", dirs_exist_ok=True)


def run_hosts(folders, edits=None, told=None):
    """Run the commands that the READMEs give, and return the numbers that the server prints.

    ``edits`` gives a player another command: what in it is replaced, and by what; ``told`` is given
    the lines about who was left out.
    """
    vectors = [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]  # Krum chooses row 2
    commands = []
    for i, (folder, vector) in enumerate(zip(folders, [None, *vectors], strict=True)):
        if vector:
            later = [number + 0.5 for number in vector]
            numbers = "\n".join(map(str, [*vector, *later]))
            (folder / "numbers.txt").write_text(numbers)
        lines = (folder / "README.txt").read_text().split("\n")
        command = next(line for line in lines if line.startswith("    ") and "./run.sh" in line)
        commands.append(command.replace(*(edits or {}).get(i, ("", ""))))
    players = [
        subprocess.Popen(
            command, shell=True, cwd=folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if i else subprocess.PIPE,
        )
        for i, (command, folder) in enumerate(zip(commands, folders, strict=True))
    ]  # fmt: skip
    printed = [player.communicate(timeout=600) for player in players]
    if told is not None:
        told += [line for line in printed[0][1].split("\n") if "left out" in line]
    return [float(number) for number in printed[0][0].split()]


def end_of_hosts(folders, first=None):
    """The last line on standard error of each; when ``first`` has ended, all are told to."""
    words = "\n".join(["134217728"] * 4).encode()
    players = [
        subprocess.Popen(
            [folder / "run.sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for folder in folders
    ]
    for player in players:
        player.stdin.write(words + b"\n")
        player.stdin.flush()
    if first is not None:
        players[first].wait(timeout=200)
        for player in players:
            player.terminate()
    ended = [player.stderr.read() for player in players]
    for player in players:
        player.stdin.close()
        player.stdout.close()
        player.stderr.close()
        assert player.wait(timeout=120)
    return [said.decode().strip().split("\n")[-1] for said in ended]
