"""``LF(number)``: functions that SCALE-MAMBA has in C++ and that need no other player.

Those of its linear algebra, 0 to 3. A matrix is pushed row by row on the stack of its type; the
numbers of its rows and columns on that of ``regint``, in this order. A function takes its matrices
from there and leaves its result there. A product may have one factor of shares: that is linear.
"""

from mamba.field import P
from mamba.language.vectors import integer
from mamba.run_error import RunError


class LocalFunctions:
    """The functions, for the types of one machine."""

    def __init__(self, types):
        self._regint, self._cint, self._sint = types.regint, types.cint, types.sint

    def call(self, number):
        """Run a function by its number."""
        cint, sint = self._cint, self._sint
        factors = {0: (cint, cint), 1: (sint, cint), 2: (cint, sint)}
        if number == 3:
            self._push(cint, [list(map(cint, row)) for row in reduced(self._known(cint))])
        elif number in factors:
            right, left = (self._pop(kind) for kind in reversed(factors[number]))
            self._push(cint if number == 0 else sint, product(left, right))
        else:
            raise RunError(f"LF knows the local functions 0 to 3, not {number!r}")

    def _known(self, kind):
        return [[value.known()[0] for value in row] for row in self._pop(kind)]

    def _pop(self, kind):
        columns, rows = integer(self._regint.pop()), integer(self._regint.pop())
        if columns < 1 or rows < 1:
            raise RunError(f"there is no matrix of {rows} rows and {columns} columns")
        values = kind.pop(size=rows * columns)[:]
        return [values[i * columns : (i + 1) * columns] for i in range(rows)]

    def _push(self, kind, matrix):
        self._regint.push(len(matrix))
        self._regint.push(len(matrix[0]))
        for row in matrix:
            for value in row:
                kind.push(value)


def product(a, b):
    """The product of two matrices, lists of rows."""
    if len(a[0]) != len(b):
        raise RunError(
            f"a matrix of {len(a[0])} columns cannot be multiplied by one of {len(b)} rows"
        )
    columns = list(zip(*b, strict=True))
    return [
        [sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in a
    ]


def reduced(matrix):
    """The reduced row echelon form of a matrix of integers modulo p."""
    matrix, row = [list(line) for line in matrix], 0
    for column in range(len(matrix[0])):
        pivot = next((r for r in range(row, len(matrix)) if matrix[r][column] % P), None)
        if pivot is None:
            continue
        matrix[row], matrix[pivot] = matrix[pivot], matrix[row]
        inverse = pow(matrix[row][column], -1, P)
        matrix[row] = [value * inverse % P for value in matrix[row]]
        for r, line in enumerate(matrix):
            if r != row:
                factor = line[column]
                matrix[r] = [(x - factor * y) % P for x, y in zip(line, matrix[row], strict=True)]
        row += 1
        if row == len(matrix):
            break
    return matrix
