"""A loop body is compiled once: Python names and lists behave here as they do on SCALE-MAMBA.

SCALE-MAMBA executes the Python text of a loop body a single time, to compile it, and the players
repeat what came out. So each turn sees the Python names as they were before the loop: ``total =
total + 5`` on a global name adds 5, however many turns there are, and a list gets one more item.
Here the body is executed in each turn, and the names and lists are put back before it.

What changes from turn to turn is kept in memory: in an ``Array`` or a ``MemValue``.
"""

from types import FunctionType

from mamba.run_error import RunError

_MISSING = object()


class Bindings:
    """What the names that a function can reach are bound to, and what lists and the like hold.

    Parameters
    ----------
    function : callable
        Its global names and those of the functions around it count.
    """

    def __init__(self, function):
        function = getattr(function, "__wrapped__", function)
        self._names = function.__globals__ if isinstance(function, FunctionType) else {}
        self._cells = (function.__closure__ or ()) if isinstance(function, FunctionType) else ()
        self._bound = dict(self._names)
        self._inside = [_contents(cell) for cell in self._cells]
        self._containers: dict = {}
        for value in [*self._bound.values(), *self._inside]:
            self._note(value)

    def _note(self, value, depth=4):
        if depth == 0 or id(value) in self._containers:
            return
        if isinstance(value, (list, dict, set)):
            self._containers[id(value)] = value, value.copy()
            for item in value.values() if isinstance(value, dict) else value:
                self._note(item, depth - 1)
        elif getattr(type(value), "__module__", "") == "__main__" and hasattr(value, "__dict__"):
            self._note(value.__dict__, depth)  # an object of a class of the program

    def restore(self):
        """Put all of it back."""
        if len(self._names) != len(self._bound) or not _same(self._names, self._bound):
            for name in self._names.keys() - self._bound.keys():
                del self._names[name]
            self._names.update(self._bound)
        for cell, value in zip(self._cells, self._inside, strict=True):
            if value is not _MISSING:
                cell.cell_contents = value
        for container, copy in self._containers.values():
            if isinstance(container, list):
                container[:] = copy
            else:
                container.clear()
                container.update(copy)

    def check_unchanged(self, what):
        """RunError when any name was bound anew, or any list changed."""
        changed = [
            name
            for name, value in self._names.items()
            if self._bound.get(name, _MISSING) is not value
        ]
        pairs = zip(self._cells, self._inside, strict=True)
        inside = any(_contents(cell) is not value for cell, value in pairs)
        lists = any(
            len(container) != len(copy) or not _same(container, copy)
            for container, copy in self._containers.values()
        )
        if changed or inside or lists:
            named = f"the Python name {changed[0]}" if changed else "a Python name or list"
            raise RunError(
                f"{what} changes {named}, which SCALE-MAMBA does when it compiles the text, "
                "whatever the condition is; use a MemValue or an Array"
            )


def _contents(cell):
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return _MISSING


def _same(container, copy):
    if isinstance(container, list):
        return all(a is b for a, b in zip(container, copy, strict=True))
    if isinstance(container, dict):
        return all(copy.get(key, _MISSING) is value for key, value in container.items())
    return container == copy
