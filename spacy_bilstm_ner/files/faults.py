"""Collect the rows of a file that cannot be read, and report them in one error."""

from ..errors import UserError, count

# Number of places of each kind that the message shows
N_SHOWN = 3


class FileFaults(UserError):
    """A file has rows that cannot be read. `lines` describes each of them."""

    def __init__(self, message: str, lines: list[str]) -> None:
        super().__init__(message)
        self.lines = lines


class Faults:
    """Rows that cannot be read, grouped by the remedy.

    name (str): Name of the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[str, list[tuple[int, str]]] = {}

    def add(self, line: int, fault: str, remedy: str) -> None:
        """Add a fault. Faults with the same remedy are shown together."""
        self.places.setdefault(remedy, []).append((line, fault))

    def check(self) -> None:
        """Check that there is no fault.

        RAISES FileFaults: If there is one.
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
