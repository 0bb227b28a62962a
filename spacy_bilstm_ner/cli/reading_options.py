"""Add the options for reading labelled files to commands."""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from ..files.options import LISTS, Options, Split

# Name of a command's parameter -> the class whose fields become options of the command
OPTION_CLASSES: dict[str, Any] = {"reading": Options, "split": Split}


def _parameter(option: Field[Any]) -> Parameter:
    """Return the command-line option for a field of an option class."""
    is_list = option.name in LISTS
    kind = list[str] | None if is_list else option.type
    name = "split" if option.name == "method" else option.name.replace("_", "-")
    flag = Option(f"--{name}", metavar="TEXT" if is_list else None, **option.metadata)
    return Parameter(
        option.name,
        Parameter.KEYWORD_ONLY,
        default=None if is_list else option.default,
        annotation=Annotated[kind, flag],
    )


def with_reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the reading options to a command.

    command (Callable): A function with a keyword argument `reading` for the Options. It may also
        have `split` for a Split.
    RETURNS (Callable): A function with one keyword argument for each option instead.
    """
    signature = inspect.signature(command)
    parameters = dict(signature.parameters)
    classes = {name: OPTION_CLASSES[name] for name in OPTION_CLASSES if name in parameters}
    for name, option_class in classes.items():
        del parameters[name]
        for option in fields(option_class):
            parameters[option.name] = _parameter(option)

    @wraps(command)
    def command_with_options(**arguments: Any) -> None:
        for name, option_class in classes.items():
            values = {}
            for option in fields(option_class):
                value = arguments.pop(option.name)
                if value not in (None, "", [], Path()):  # Path("") is Path()
                    values[option.name] = value
            arguments[name] = option_class(**values)
        command(**arguments)

    new_signature = signature.replace(parameters=list(parameters.values()))
    command_with_options.__signature__ = new_signature  # type: ignore[attr-defined]
    # typer would also read the annotations of `command`, which name classes that are imported only
    # for type checking. The new signature has all annotations that typer needs.
    command_with_options.__annotations__ = {}
    return command_with_options
