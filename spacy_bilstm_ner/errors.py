"""How scripts speak: a user's error is one clear message and exit code 1, never a traceback; what nobody may miss
stands in a banner."""

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


def banner(*paragraphs: str) -> str:
    """Frame a text so that nobody can miss it.

    paragraphs (str): Lines of text; there is an empty one between two paragraphs.
    RETURNS (str): The framed text.
    """
    line = "!" * 88
    body = "\n!!\n".join(f"!!  {paragraph}".replace("\n", "\n!!  ") for paragraph in paragraphs)
    return f"\n{line}\n!!\n{body}\n!!\n{line}\n"
