"""``python -m fl_krum``: what a process has to see to before and after its one command (`cli`)."""

from __future__ import annotations

import _thread
import gc
import os
import signal
import sys
import time
import warnings


def run() -> int:
    """Run the command of this process's arguments; the exit status is returned."""
    try:
        return _run()
    except KeyboardInterrupt:  # while it is still being imported
        print("fl_krum: error: interrupted", file=sys.stderr)
        return 130
    except (ImportError, MemoryError) as error:  # likewise: the system gives too little, say
        from .cli import advice

        message = advice.missing(error) if isinstance(error, ImportError) else advice.limit(error)
        print(f"fl_krum: error: {message}", file=sys.stderr)
        return 2


def _run() -> int:
    warnings.showwarning = _show_warning
    sys.unraisablehook = _interrupt_again
    signal.signal(signal.SIGTERM, _terminate)  # by way of the clean-up, which it would else skip
    gc.set_threshold(50_000)  # the usual 700 is reached many times by imports alone, in vain
    # OpenBLAS's threads would else wait busily, 2^26 cycles after each product of matrices, on the
    # cores that the players need. It looks when it is loaded.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    _launch_early(sys.argv[1:])
    from .cli import main  # after the launch, since it takes longer

    status = main()
    gc.freeze()  # what is there is not searched for garbage again: the interpreter ends sooner
    return status


def _launch_early(arguments: list[str]) -> None:
    """Let a fork server of players get ready while this process imports what it needs itself.

    Only where players are sure to be wanted if the input is right; else the engine does it.
    """
    from .players import launching
    from .players.scale_mamba import SCALE_MAMBA_HOME

    command, *options = arguments or [""]
    without = {"--plain", "--help", "-h"} & {*options}
    wanted = command in ("aggregate", "run", "session") and not without
    if wanted and not os.environ.get(SCALE_MAMBA_HOME) and "--engine" not in " ".join(options):
        launching.launch_early()


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    print(f"fl_krum: warning: {message}", file=sys.stderr)


def _interrupt_again(lost) -> None:
    """Ctrl-C that fell where Python drops every exception, once more and a moment later: imports
    call weak references back for each module, so one in some dozens fell there."""

    def again() -> None:
        time.sleep(0.01)
        _thread.interrupt_main()

    if issubclass(lost.exc_type, KeyboardInterrupt):
        _thread.start_new_thread(again, ())
    else:
        sys.__unraisablehook__(lost)


def _terminate(number, frame) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(run())
