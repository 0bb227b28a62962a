"""How every script ends: a user's error is one clear message and exit code 1, never a traceback."""

import sys
from collections.abc import Callable


class UserError(ValueError):
    """Something that the person who runs the script can put right: the message says how."""


def run(main: Callable[[], None]) -> None:
    """Run a script's main function and turn a user's error into a message on stderr and exit code 1.

    main (Callable[[], None]): The script's main function.
    """
    try:
        main()
    except UserError as error:
        sys.exit(f"Error: {error}")
