"""What Python's json makes of bodies: as it is, with the first of two members of one name, and without regard to case.

On stdin, for each body, a line {"length": bytes, "pointer": text or null} and the body; on stdout a line for each, with
the three readings: null for what is no JSON, else {"batch": bool, "messages": [...]}.
"""

import json
import sys


class AnyCase(dict):
    """An object whose members are found in any case, the last of them, as Go, .NET and Java can be made to do."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self._pairs = pairs

    def get(self, wanted):
        alike = [value for name, value in self._pairs if _alike(name, wanted)]
        return alike[-1] if alike else None

    def __contains__(self, wanted):
        return any(_alike(name, wanted) for name, _ in self._pairs)


def _alike(one, other):
    foldings = (str.casefold, str.lower, str.upper)
    return any(fold(one) == fold(other) for fold in foldings)


def _first_wins(pairs):
    return dict(reversed(pairs))


HOOKS = {"python": None, "python, first wins": _first_wins, "python, any case": AnyCase}


def reading(body, pointer, hook):
    try:
        document = json.loads(body, object_pairs_hook=hook)
    except (ValueError, RecursionError):
        return None
    messages = document if isinstance(document, list) else [document]
    return {"batch": isinstance(document, list), "messages": [fields(message, pointer) for message in messages]}


def fields(message, pointer):
    """What a server looks at: strings as they are, of everything else the kind; what is absent is left out."""
    if not isinstance(message, dict):
        return None
    params = member(message, "params")
    ref = member(params, "ref")
    found = {
        "id": member(message, "id"),
        "method": member(message, "method"),
        "name": member(params, "name"),
        "uri": member(params, "uri"),
        "taskId": member(params, "taskId"),
        "arguments": member(params, "arguments"),
        "revision": member(member(params, "_meta"), "io.modelcontextprotocol/protocolVersion"),
        "ref type": member(ref, "type"),
        "ref name": member(ref, "name"),
        "ref uri": member(ref, "uri"),
        "pointed": at(params, pointer) if pointer is not None else ABSENT,
    }
    return {key: seen(value) for key, value in found.items() if value is not ABSENT}


ABSENT = object()


def member(holder, name):
    return holder.get(name) if isinstance(holder, dict) and name in holder else ABSENT


def at(value, pointer):
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(token)] if token.isdecimal() and int(token) < len(value) else ABSENT
        else:
            value = member(value, token)
    return value


def seen(value):
    if isinstance(value, str):
        broken = any("\ud800" <= character <= "\udfff" for character in value)
        return {"kind": "broken string"} if broken else value
    kinds = {type(None): "null", bool: "boolean", int: "number", float: "number", list: "array"}
    return {"kind": kinds.get(type(value), "object")}


def main():
    stdin = sys.stdin.buffer
    for line in stdin:
        asked = json.loads(line)
        body = stdin.read(asked["length"])
        print(json.dumps({name: reading(body, asked["pointer"], hook) for name, hook in HOOKS.items()}))


main()
