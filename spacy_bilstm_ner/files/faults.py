"""What is wrong with a file, collected and told all at once; what is only doubtful, told as warnings."""

from collections.abc import Callable

from ..errors import UserError

# How many lines of one kind of fault a message shows. `--report FILE` has all of them.
SHOWN = 3


class FileFaults(UserError):
    """The faults of a file; `lines` has a line for each."""

    def __init__(self, message: str, lines: list[str]):
        super().__init__(message)
        self.lines = lines


class Faults:
    """Collects the faults of the file of this name: each has a row, says what stands there, and is of a kind that has
    one remedy. `line` finds the line of the file on which a row begins."""

    def __init__(self, name: str, line: Callable[[int], int]):
        self.name = name
        self.line = line
        self.kinds: dict[str, list[tuple[int, str]]] = {}

    def add(self, row: int, what: str, remedy: str) -> None:
        self.kinds.setdefault(remedy, []).append((row, what))

    def check(self) -> None:
        """RAISES FileFaults: If there is any fault."""
        if not self.kinds:
            return
        total = sum(len(found) for found in self.kinds.values())
        lines = [
            f"{self.name}, line {self.line(row)}: {what}. {remedy}"
            for remedy, found in self.kinds.items()
            for row, what in found
        ]
        if total == 1:
            raise FileFaults(lines[0], lines)
        message = [f"{self.name} has {total:,} faults, and nothing was written:"]
        for remedy, found in self.kinds.items():
            message.append(f"- {len(found):,} of this kind. {remedy}")
            message += [f"    line {self.line(row)}: {what}" for row, what in found[:SHOWN]]
            if len(found) > SHOWN:
                message.append("    and more: --report FILE lists every one")
        raise FileFaults("\n".join(message), lines)
