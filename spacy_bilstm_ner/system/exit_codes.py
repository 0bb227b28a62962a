"""End commands on user errors and on signals."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..errors import UserError, printable

# The exit code after Ctrl-C: 128 plus the number of SIGINT
INTERRUPTED = 130
# Windows has no SIGHUP.
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn user errors, Ctrl-C and closed pipes inside a block into exit codes.

    SIGTERM and SIGHUP end the block as Ctrl-C does. Signals that are ignored, as with `nohup`, stay
    ignored.
    """
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)
    try:
        yield
        print(end="", flush=True)
    except UserError as error:
        sys.exit(printable(f"Error: {error}"))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader has closed the pipe, as `head` does. Without this, Python would print an error
        # because it cannot write its buffered output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def interrupt(signal_number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt for a signal. During an import, wait until the import is done.

    Modules in C++ abort the process if an exception is raised while they are imported.
    """
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            threading.Timer(0.1, os.kill, (os.getpid(), signal_number)).start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt
