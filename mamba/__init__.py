"""The MAMBA language and its embedded players.

``krum.mpc`` is the program; everything else in this package is what runs it where no SCALE-MAMBA
is installed: ``python -m mamba.player`` is one player, and the other files are its parts, one idea
each.

==================  ==========================================================================
``field.py``        the prime field that shares live in, on NumPy arrays
``gf256.py``        the small field that single bits are shared in
``shamir.py``       a secret becomes N shares; t + 1 of them give it back
``network.py``      mutually authenticated connections to every other player
``protocols.py``    input, multiply, open
``masks.py``        random numbers that hide what is opened, with their bits
``circuits.py``     logic on shared bits: carries, and which number is smaller
``comparison.py``   less-than on shared integers
``values.py``       vectors of shared and of public integers, with their operators
``machine.py``      what a running program holds: memory, and its queue of inputs and outputs
``language.py``     the names that a ``.mpc`` file sees
``player.py``       one player process
``starter.py``      forks players on Linux, quicker than to start each
==================  ==========================================================================
"""
