"""End commands on user errors and on signals."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ..errors import UserError

# The exit code after Ctrl-C: 128 plus the number of SIGINT
INTERRUPTED = 130


def run(main: Callable[[], None]) -> None:
    """Run a main function. Turn user errors, Ctrl-C and closed pipes into exit codes."""
    try:
        with interrupt_on_signals():
            main()
            print(end="", flush=True)
    except UserError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt as error:
        print(str(error) or "Interrupted.", file=sys.stderr)
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


@contextmanager
def interrupt_on_signals() -> Iterator[None]:
    """Interrupt the program on SIGINT, SIGTERM and SIGHUP inside a block.

    Only the main thread can do this. Signals that are ignored, as with `nohup`, stay ignored.
    """
    previous_handlers = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            signal_number = getattr(signal, name, None)
            if signal_number and signal.getsignal(signal_number) not in (signal.SIG_IGN, None):
                previous_handlers[signal_number] = signal.signal(signal_number, interrupt)
    try:
        yield
    finally:
        for signal_number, previous_handler in previous_handlers.items():
            signal.signal(signal_number, previous_handler)
