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
``masks.py``           random numbers that hide what is opened, with their bits
``circuits.py``        logic on shared bits: carries, and which number is smaller
``comparison.py``      less-than on shared integers
``projections.py``     random sums of long vectors, from a seed that nobody chose
``input_proof.py``     what a client deals to prove that its words are short
=====================  =======================================================================

*Language*

=====================  =======================================================================
``language.py``        the names that a ``.mpc`` file sees
``values.py``          vectors of shared and of public integers, with their operators
``deferred_sums.py``   sums of products that are computed as a whole
``static_check.py``    names that nobody knows, found before a program runs
``messages.py``        what an error says to whoever wrote the program
``machine.py``         what a running program holds: memory, and its queue of inputs and outputs
``program_error.py``   the error of a program
=====================  =======================================================================

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
