"""A whole Flower deployment on this machine: SuperLink with TLS, SuperNodes with keys of their own.

What people at their hosts type (docs/flower.md) is typed here, in a folder that is gone afterwards:
certificates, keys, the roster; ``flower-superlink``, ``flwr supernode register``,
``flower-supernode``, ``flwr run``. So a federation can be rehearsed before there is one, with what
goes wrong in real ones, as ``--fault NAME:KIND:FIRST-LAST`` (``faults.py``):

    python deployment.py --clients 7 --rounds 5 --fault node0:away:2-3 --save out

Afterwards, ``python verify.py out`` computes every round again in the clear.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import ipaddress
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from faults import FAULTY, Fault, watch

from fl_krum.players import run_folder
from fl_krum.players.agreement import EMBEDDED
from fl_krum.players.ports import free_ports
from fl_krum.players.roster import Roster, make_key

HERE = Path(__file__).parent
_PEM = serialization.Encoding.PEM
_PLAIN = serialization.NoEncryption()

_TAP = """\
# All that comes to this SuperLink and leaves it, in the clear, after TLS.
import os, sys
if "superlink" in " ".join(sys.orig_argv):
    import uvicorn
    file = open({path!r}, "ab", buffering=0)
    def tapped(app):
        async def tap(scope, receive, send):
            async def seen():
                message = await receive()
                file.write(message.get("body", b""))
                return message
            async def said(message):
                file.write(message.get("body", b""))
                await send(message)
            await app(scope, seen, said)
        return tap
    load = uvicorn.Config.load
    def load_tapped(self):
        load(self)
        self.loaded_app = tapped(self.loaded_app)
    uvicorn.Config.load = load_tapped
"""


class Deployment:
    """A SuperLink and its SuperNodes, node0, node1, …, on this machine; a context manager.

    Parameters
    ----------
    clients : int
    faults : sequence of Fault
        Of these, "long" and "cheat"; for the others see `watch`.
    tap : bool
        Whether all that reaches or leaves the SuperLink is written to ``tap`` in `folder`, and what
        it keeps, to ``superlink.db``.
    engines : sequence of str
        Installations that everybody makes a key for.

    Attributes
    ----------
    folder : Path
        With keys and logs; removed at the end.
    """

    def __init__(self, clients, faults=(), tap=False, engines=()):
        self._resources = contextlib.ExitStack()
        self.folder, self._guard = run_folder.make(self._resources)
        self._engines = engines
        self.names = [f"node{i}" for i in range(clients)]
        self._faults, self._tap = faults, tap
        self.running: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> Deployment:
        try:
            ports = free_ports(2 + 2 * len(self.names))
            self._port, self._api = ports[0], ports[2 + len(self.names) :]
            self._make_keys(ports[1 : 2 + len(self.names)])
            self._start_superlink()
            for name in self.names:
                command = ["flwr", "supernode", "register", f"{name}.pub", "rehearsal"]
                self._start(f"register-{name}", command)
            for name in self.names:
                if self.running.pop(f"register-{name}").wait():
                    raise RuntimeError((self.folder / f"register-{name}.log").read_text())
                self.start_node(name)
            self.wait_online(len(self.names))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, error, traceback) -> None:
        self.close()

    @property
    def tap(self) -> Path:
        return self.folder / "tap"

    def flwr(self, *arguments: str) -> str:
        """The output of a ``flwr`` command that ends by itself."""
        done = subprocess.run(
            ["flwr", *arguments], cwd=self.folder, env=self._env(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"flwr {' '.join(arguments[:2])}: {done.stdout.strip()}")
        return done.stdout

    def run(self, app, **config) -> subprocess.Popen:
        """``flwr run`` of an app with the server's roster and key; its output is in ``run.log``."""
        config = {"roster": "roster.json", "key": "server.key", **config}
        for name in ("roster", "key"):
            config[name] = str(self.folder / config[name])
        words = " ".join(f"{key}={json.dumps(value)}" for key, value in config.items())
        command = ["flwr", "run", str(app), "rehearsal", "--stream", "--run-config", words]
        return self._start("run", command)

    def follow(self) -> subprocess.Popen | None:
        """What the run says from now on, where ``flwr run`` has ended before it; else None."""
        found = re.search(r"Successfully started run (\d+)", (self.folder / "run.log").read_text())
        if not found or self.running["superlink"].poll() is not None:
            return None
        with contextlib.suppress(RuntimeError):  # the SuperLink may still be too busy to say
            listed = self.flwr("list", "rehearsal", "--run-id", found[1], "--format", "json")
            if json.loads(listed)["runs"][0]["status"].startswith("finished"):
                return None
        return self._start("run", ["flwr", "log", found[1], "rehearsal", "--stream"])

    def start_node(self, name: str) -> None:
        number = self.names.index(name)
        config = (
            f'name="{name}" roster="{self.folder}/roster.json" key="{self.folder}/{name}.key" '
            f"partition-id={number} num-partitions={len(self.names)}"
        )
        command = [
            "flower-supernode", "--superlink", f"127.0.0.1:{self._port}",
            "--root-certificates", "ca.crt", "--auth-supernode-private-key", f"{name}-flower",
            "--port", str(self._api[number]), "--node-config", config,
        ]  # fmt: skip
        faults = [one[1:] for one in self._faults if one.name == name]
        own = [one for one in faults if one[0] in ("long", "cheat")]
        changed = self._changed(name, FAULTY, faults=own) if own else {}
        self._start(name, command, **changed)

    def kill(self, name: str) -> None:
        """As if its host had been switched off: everything that it has started is gone at once."""
        process = self.running.pop(name)
        _kill([process.pid], self.folder / f"{name}.key")

    def kill_client_app(self, name: str) -> bool:
        """Kill the ClientApp that a SuperNode has started, if there is one."""
        for one in psutil.Process(self.running[name].pid).children(recursive=True):
            if "flwr-clientapp" in " ".join(_words(one)):
                one.kill()
                return True
        return False

    def wait_online(self, count: int, seconds: float = 300.0) -> None:
        """Until so many SuperNodes are online."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            listed = self.flwr("supernode", "list", "rehearsal", "--format", "json")
            if listed.count('"online"') >= count:
                return
            time.sleep(1.0)
        raise RuntimeError(f"not all SuperNodes are online after {seconds:g} s:\n{listed}")

    def close(self) -> None:
        """End everything and remove the folder."""
        while _kill([one.pid for one in self.running.values()], self.folder):
            self.running.clear()  # what was started meanwhile is named by its files
        self._resources.close()

    # --- processes -------------------------------------------------------------------------------

    def _start_superlink(self) -> None:
        command = [
            "flower-superlink", "--ssl-ca-certfile", "ca.crt", "--ssl-certfile", "superlink.crt",
            "--ssl-keyfile", "superlink.key", "--enable-supernode-auth", "--port", str(self._port),
            "--disable-runtime-dependency-installation",
        ]  # fmt: skip
        if self._tap:  # a file can be searched; without one, the state is in memory
            command += ["--database", str(self.folder / "superlink.db")]
        changed = self._changed("superlink", _TAP, path=str(self.tap)) if self._tap else {}
        self._start("superlink", command, **changed)
        connection = (
            f'[superlink.rehearsal]\naddress = "127.0.0.1:{self._port}"\n'
            f'root-certificates = "{self.folder}/ca.crt"\n'
        )
        (self.folder / "config.toml").write_text(connection)
        until = time.monotonic() + 120.0
        while True:
            try:
                self.flwr("supernode", "list", "rehearsal")
                return
            except RuntimeError:
                if self.running["superlink"].poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "superlink.log").read_text()) from None
                time.sleep(1.0)

    def _start(self, name: str, command, **environment) -> subprocess.Popen:
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env={**self._env(), **environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.running[name] = process
        self._guard.watch(process=process.pid)  # it ends when this process is killed
        return process

    def _env(self) -> dict[str, str]:
        """Flower's commands start others of this environment, and keep their files here."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "FLWR_HOME": str(self.folder), "FLWR_TELEMETRY_ENABLED": "0"}
        return {**os.environ, **own}

    def _changed(self, name: str, text: str, **values) -> dict[str, str]:
        """The environment of somebody whose installation is not as it should be."""
        folder = self.folder / f"{name}-changed"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(text.format(**values))
        paths = [str(folder), os.environ.get("PYTHONPATH", "")]
        return {"PYTHONPATH": os.pathsep.join(filter(None, paths))}

    # --- keys ------------------------------------------------------------------------------------

    def _make_keys(self, ports) -> None:
        members = []
        for name, port in zip(["server", *self.names], ports, strict=True):
            address = f"127.0.0.1:{port}"
            members.append(make_key(name, address, self.folder, 2, self._engines, len(ports)))
        Roster.of(members).write(self.folder / "roster.json")
        for name in self.names:
            key = serialization.load_pem_private_key(
                (self.folder / f"{name}.key").read_bytes(), None
            )
            form = serialization.PrivateFormat.OpenSSH, _PLAIN
            _write(self.folder / f"{name}-flower", key.private_bytes(_PEM, *form))
            public = key.public_key().public_bytes(
                serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
            )
            _write(self.folder / f"{name}.pub", public)
        authority = ec.generate_private_key(ec.SECP256R1())
        root = _certificate("fl_krum rehearsal", authority, None)
        key = ec.generate_private_key(ec.SECP256R1())
        server = _certificate("127.0.0.1", key, (root, authority))
        form = serialization.PrivateFormat.PKCS8, _PLAIN
        _write(self.folder / "ca.crt", root.public_bytes(_PEM))
        _write(self.folder / "superlink.crt", server.public_bytes(_PEM))
        _write(self.folder / "superlink.key", key.private_bytes(_PEM, *form))


def _certificate(name: str, key, issuer) -> x509.Certificate:
    """An authority's certificate, or one of 127.0.0.1 that the authority has signed."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        address = x509.IPAddress(ipaddress.ip_address(name))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256())


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _kill(pids, named) -> bool:
    """Kill processes with all that they have started, and those whose command names a file; whether
    there were any."""
    found = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            found += [process, *process.children(recursive=True)]
        except psutil.Error:
            continue
    found += [one for one in psutil.process_iter() if any(str(named) in w for w in _words(one))]
    for one in found:
        try:
            one.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(found, timeout=10.0)
    return bool(found)


def digits(path: Path) -> Path:
    """scikit-learn's handwritten digits as a file, which clients read faster than scikit-learn."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    lines = [",".join([f"p{i}" for i in range(x.shape[1])] + ["digit"])]
    lines += [
        ",".join([*(f"{v:g}" for v in row), str(label)]) for row, label in zip(x, y, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--app", type=Path, default=HERE, help="folder of a Flower app")
    parser.add_argument("--clients", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", type=Path, required=True, help="new folder for what is found")
    form = "NAME:KIND:FIRST-LAST"
    parser.add_argument("--fault", action="append", default=[], type=Fault.of, metavar=form)
    parser.add_argument("--config", default="", help="more for --run-config, as KEY=JSON words")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    config = {}
    for word in options.config.split():
        key, _, value = word.partition("=")
        config[key] = json.loads(value)
    save = options.save.resolve()
    save.mkdir(parents=True)
    engines = [config["engine"]] if config.get("engine", EMBEDDED) != EMBEDDED else []
    with Deployment(options.clients, options.fault, engines=engines) as deployment:
        config = {"num-server-rounds": options.rounds, "save": str(save), **config}
        if options.app == HERE:
            config = {"data": str(digits(save / "digits.csv")), "target": "digit", **config}
        status = watch(
            deployment, deployment.run(options.app.resolve(), **config), save, options.fault
        )
        for path in deployment.folder.glob("*.log"):
            shutil.copy(path, save)
    return status


if __name__ == "__main__":
    sys.exit(main())
