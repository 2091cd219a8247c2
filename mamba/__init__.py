"""The MAMBA language and its embedded players.

``krum.mpc`` is the program; everything else in this package is what runs it where no SCALE-MAMBA
is installed: ``python -m mamba.player`` is one player, and the other files are its parts, one idea
each. Only ``mp_spdz_prelude.mpc`` is not: it is what krum.mpc needs besides to run on MP-SPDZ.
(conda has a package manager of the same name, which has nothing to do with it.)

*Arithmetic*

=====================  =======================================================================
``field.py``           the prime field that shares live in, on NumPy arrays
``gf256.py``           the small field that single bits are shared in
``shamir.py``          a secret becomes N shares; t + 1 of them give it back
``randomness.py``      uniform bytes from the operating system, in bulk
=====================  =======================================================================

*Protocols*

=====================  =======================================================================
``protocols.py``       input, multiply, open
``holders.py``         who holds shares: drawn by all players, where there is a choice
``masks.py``           random numbers that hide what is opened, with their bits
``circuits.py``        logic on shared bits: carries, and which number is smaller
``comparison.py``      less-than and equality of shared integers
``decomposition.py``   the bits of shared integers
``truncation.py``      division by powers of two
``projections.py``     random sums of long vectors, from a seed that nobody chose
``input_proof.py``     what a client deals to prove that its words are short
=====================  =======================================================================

*Language*

=======================  =====================================================================
``language.py``          the names that a ``.mpc`` file sees
``branches.py``          ``if_then`` becomes an ``if`` before Python compiles the text
``vectors.py``           what every type has in common
``values.py``            ``sint``: vectors of shared integers, with their operators
``bystanders.py``        ``sint`` on a player that holds no shares
``shared_bits.py``       what ``sint`` does with bits: remainders, shifts, powers of two
``public_integers.py``   ``cint``: integers modulo p that everybody knows
``machine_integers.py``  ``regint``: integers of 64 bits
``fixed_point.py``       ``sfix`` and ``cfix``
``square_root.py``       ``mpc_math.sqrt``
``arrays.py``            ``Array``, ``Matrix``, ``MultiArray``
``memory_values.py``     ``MemValue``, ``MemFix``
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
``deferred_sums.py``     sums of products that are computed as a whole
``static_check.py``      names that nobody knows, found before a program runs
``messages.py``          what an error says to whoever wrote the program
``machine.py``           what a running program holds: memory, its queue of inputs and outputs
``program_error.py``     the error of a program
=======================  =====================================================================

*Process*

=====================  =======================================================================
``player.py``          one player process
``network.py``         mutually authenticated connections to every other player
``handshakes.py``      how these connections come about, all side by side
``credentials.py``     what a player shows and proves to the others
``input_words.py``     the words that a player reads
``client.py``          the client's side of the proof, beside a SCALE-MAMBA player
``view.py``            what one player saw, for the lesson
``fork_server.py``     forks players on Linux, quicker than to start each
=====================  =======================================================================
"""
