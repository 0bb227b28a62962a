"""End commands: on user errors, on signals, and together with the process that started them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ..errors import UserError

# The exit code after Ctrl-C: 128 plus the number of SIGINT
INTERRUPTED = 130


def run(main: Callable[[], None]) -> None:
    """Run a main function. Turn user errors, Ctrl-C and closed pipes into exit codes."""
    try:
        with on_ending():
            main()
            flush_output()
    except UserError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt as error:
        print(str(error) or "Interrupted, nothing changed.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader has closed the pipe, as `head` does. Without this, Python would print an error
        # because it cannot write its buffered output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def flush_output() -> None:
    """Flush the standard output, if there is one."""
    if sys.stdout is not None:
        sys.stdout.flush()


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt for a signal. During an import, wait until the import is done.

    Modules in C++ abort the process if an exception is raised while they are imported.
    """
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt


@contextmanager
def on_ending(handler: Callable[..., Any] = interrupt) -> Iterator[None]:
    """Handle SIGINT, SIGTERM and SIGHUP with a function inside a block.

    Only the main thread can do this. Signals that are ignored, as with `nohup`, stay ignored.
    """
    previous_handlers = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) not in (signal.SIG_IGN, None):
                previous_handlers[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous_handler in previous_handlers.items():
            signal.signal(number, previous_handler)


def end_with_parent() -> None:
    """End this process, and the processes that it has started, when its parent ends."""
    threading.Thread(target=_wait_for_parent, args=(os.getppid(),), daemon=True).start()


def _wait_for_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    # A child of `run_python` leads a process group. The signal then ends all its descendants.
    leads_group = hasattr(os, "killpg") and os.getpgrp() == os.getpid()
    send_signal = os.killpg if leads_group else os.kill
    send_signal(os.getpid(), signal.SIGTERM)
