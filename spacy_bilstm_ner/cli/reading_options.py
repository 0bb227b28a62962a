"""The options that say how a labelled file is to be read."""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any

from typer import Option

from ..files.options import LISTS, Options


def _parameter(option: Field[Any]) -> Parameter:
    """Return the parameter of a command for a field of Options."""
    is_list = option.name in LISTS
    kind = list[str] | None if is_list else option.type
    flag = Option(
        f"--{option.name.replace('_', '-')}",
        help=option.metadata["help"],
        metavar="TEXT" if is_list else None,
    )
    return Parameter(
        option.name,
        Parameter.KEYWORD_ONLY,
        default=None if is_list else option.default,
        annotation=Annotated[kind, flag],
    )


OPTIONS = {option.name: _parameter(option) for option in fields(Options)}
OPTION_NAMES = frozenset(f"--{name.replace('_', '-')}" for name in OPTIONS)


def with_reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the reading options to a command.

    command (Callable): A function with a keyword argument `reading`, which takes the Options.
    RETURNS (Callable): A function that has the single options instead of `reading`.
    """

    @wraps(command)
    def command_with_options(**arguments: Any) -> None:
        values = {name: arguments.pop(name) for name in OPTIONS}
        given = {name: value for name, value in values.items() if value not in (None, "", [])}
        command(**arguments, reading=Options(**given))

    parameters = dict(inspect.signature(command).parameters) | OPTIONS
    del parameters["reading"]
    annotations = {name: parameter.annotation for name, parameter in parameters.items()}
    command_with_options.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
    command_with_options.__annotations__ = annotations
    return command_with_options
