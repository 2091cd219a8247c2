"""The MAMBA language as embedded players run it: what a ``.mpc`` file may say, and what it means.

A program is executed as the Python text that it is; its operators become calls of a machine, which
leaves the secret ones to the protocols of ``mamba``. docs/mamba.md is the page for whoever writes
such a program.

*Values*

=======================  =====================================================================
``vectors.py``           what every type has in common
``values.py``            ``sint``: vectors of shared integers, with their operators
``comparisons.py``       how ``sint`` is compared
``bystanders.py``        ``sint`` on a player that holds no shares
``shared_bits.py``       what ``sint`` does with bits: remainders, shifts, powers of two
``bounds.py``            how large numbers may be, which is known before there are any
``lengths.py``           how many bits a comparison looks at, and that its numbers have no more
``waiting.py``           results that nobody has asked for yet are found together
``factors.py``           what unreduced products are the products of, where they are verified
``verified_integers.py`` ``sint`` that keeps its factors until they are verified
``vector_sums.py``       distances and weighted sums of whole vectors, inner products of runs
``public_integers.py``   ``cint``: integers modulo p that everybody knows
``machine_integers.py``  ``regint``: integers of 64 bits
``fixed_point.py``       ``sfix`` and ``cfix``
``square_root.py``       ``mpc_math.sqrt``
``arrays.py``            ``Array``, ``Matrix``, ``MultiArray``
``memory_values.py``     ``MemValue``, ``MemFix``
=======================  =====================================================================

*Statements and functions*

=======================  =====================================================================
``names.py``             the names that a ``.mpc`` file sees
``branches.py``          ``if_then`` becomes an ``if`` before Python compiles the text
``control_flow.py``      loops and branches on public values
``compiled_once.py``     what Python names mean in a loop body, which is compiled once
``functions.py``         functions, tapes and threads
``program_object.py``    ``program``: what a text tells its compiler
``instructions.py``      functions that are no methods: memory, channels, timers
``sorting.py``           sorting secrets
``adv_integer.py``       ``AdvInteger``: routines of the manual for integers
``local_functions.py``   ``LF``: SCALE-MAMBA's functions in C++, of matrices
``printing.py``          ``print_ln`` and its like
``assertions.py``        ``test`` and ``test_mem``: what a program's results must be
=======================  =====================================================================

*Running*

=======================  =====================================================================
``memory.py``            its words of memory, and what each of them depends on
``labels.py``            a number for each word, kept once where it is the same for many
``machine.py``           what a running program holds: memory, its queue of inputs and outputs
``static_check.py``      names that nobody knows, found before a program runs
``messages.py``          what an error says to whoever wrote the program
=======================  =====================================================================
"""
