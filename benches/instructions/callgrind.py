"""What callgrind has written down of one stretch of a run, in its own format."""

import dataclasses
import re
from collections.abc import Iterator

# A function, by the file of the program or library that it is in and its name.
Function = tuple[str, str]


@dataclasses.dataclass
class Profile:
    """Names are as they were found: demangled, if nobody has told valgrind not to."""

    instructions: int
    # Who calls whom, and how often.
    calls: list[tuple[str, str, int]] = dataclasses.field(default_factory=list)
    # Where each function itself spends how much, as addresses in its file.
    spent: dict[Function, list[tuple[int, int]]] = dataclasses.field(default_factory=dict)

    def costs(self) -> Iterator[tuple[Function, int]]:
        """The instructions of each function itself."""
        return ((function, sum(spent for _, spent in parts)) for function, parts in self.spent.items())


def read(text: str) -> Profile:
    """A name is written out once, beside a number that stands for it from then on. `ob` and `fn` are where all lines up to the
    next belong to; `cfn` and `calls` say what the next line spends elsewhere."""
    found = re.search(r"^totals: (\d+)", text, re.MULTILINE)
    if not found:
        raise RuntimeError("the profile has no total")
    profile = Profile(int(found[1]))
    names: dict[tuple[str, str], str] = {}
    file = function = called = ""
    address, is_of_a_call = 0, False
    for line in text.splitlines():
        if said := re.match(r"(c?)(ob|fn)=\((\d+)\)(?: (.*))?$", line):
            is_called, kind, number, name = said.groups()
            if name:
                # In a recursion, the depth is behind the name.
                names[kind, number] = name.split("'")[0]
            match is_called + kind:
                case "ob":
                    file = names[kind, number]
                case "fn":
                    function = names[kind, number]
                case "cfn":
                    called = names[kind, number]
        elif said := re.match(r"calls=(\d+) ", line):
            profile.calls.append((function, called, int(said[1])))
            is_of_a_call = True
        elif said := re.match(r"(0x|\+|-|\*)([0-9a-f]*) \S+ (\d+)", line):
            sign, number, spent = said.groups()
            address = moved(address, sign, number)
            if not is_of_a_call:
                profile.spent.setdefault((file, function), []).append((address, int(spent)))
            is_of_a_call = False
    return profile


def moved(address: int, sign: str, number: str) -> int:
    match sign:
        case "0x":
            return int(number, 16)
        case "+":
            return address + int(number)
        case "-":
            return address - int(number)
        case _:
            return address
