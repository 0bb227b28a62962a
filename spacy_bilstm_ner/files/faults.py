"""Collect the rows of a file that cannot be read, and refuse the file with all of them."""

from ..errors import UserError, count

# Number of places of each kind that the message shows
N_SHOWN = 3


class FileFaults(UserError):
    """A file has rows that cannot be read; `lines` has a line for each."""

    def __init__(self, message: str, lines: list[str]) -> None:
        super().__init__(message)
        self.lines = lines


class Faults:
    """Rows that cannot be read: remedy -> line and fault.

    name (str): Name of the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[str, list[tuple[int, str]]] = {}

    def add(self, line: int, fault: str, remedy: str) -> None:
        """Add a fault; faults with the same remedy are of one kind."""
        self.places.setdefault(remedy, []).append((line, fault))

    def check(self) -> None:
        """Refuse the file if there is a fault.

        RAISES FileFaults: If so.
        """
        lines: list[str] = []
        message: list[str] = []
        for remedy, places in self.places.items():
            lines += [f"{self.name}, line {line}: {fault}. {remedy}" for line, fault in places]
            message.append(f"- {len(places):,} of this kind. {remedy}")
            message += [f"    line {line}: {fault}" for line, fault in places[:N_SHOWN]]
            if len(places) > N_SHOWN:
                message.append("    and more: --report FILE lists all of them")
        title = f"{self.name}: {count(len(lines), 'fault')}, and nothing was written:"
        if lines:
            raise FileFaults(lines[0] if len(lines) == 1 else "\n".join([title, *message]), lines)
