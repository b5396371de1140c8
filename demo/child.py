"""`python -m demo.child MODULE ARGUMENTS`: runs a module like `python -m MODULE`, for as long as its starter lives.

The starter holds the other end of this process's standard input. When that closes, because the starter wants the end
or has itself ended in whatever way, the module gets a SIGTERM.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

_SECONDS_TO_END = 5.0


def end_with_starter() -> None:
    """Watch standard input from now on, in a thread that ends with the process."""
    threading.Thread(target=_watch, name="watch-starter", daemon=True).start()


def _watch() -> None:
    # Not sys.stdin: a thread that waits in it holds a lock that Python needs when it ends.
    while os.read(0, 4096):
        pass
    if hasattr(signal, "pthread_kill"):
        # To the main thread itself, so that it wakes up from whatever it waits for.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        signal.raise_signal(signal.SIGTERM)
    time.sleep(_SECONDS_TO_END)
    os._exit(1)


if __name__ == "__main__":
    end_with_starter()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
