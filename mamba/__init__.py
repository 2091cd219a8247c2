"""The MAMBA language and its embedded players.

``krum.mpc`` is the program and ``parts`` what is put into it: the input check, and what other
players need. Everything else in this package is what runs it where no SCALE-MAMBA is installed:
``python -m mamba.player`` is one player, and the other files are its parts, one idea each. What a
program may say, and what it then means, is in the package ``language``; the files here do not know
it, but for the player. ``mp_spdz_prelude.mpc`` is what krum.mpc needs besides to run on MP-SPDZ.
(conda has a package manager of the same name, which has nothing to do with it.)

*Arithmetic*

=====================  =======================================================================
``field.py``           the prime field that shares live in, on NumPy arrays
``gf256.py``           the small field that single bits are shared in
``gf2_72.py``          an extension of it, so large that a random element is not guessed
``shamir.py``          a secret becomes N shares; t + 1 of them give it back
``randomness.py``      uniform bytes from the operating system, in bulk
=====================  =======================================================================

*Protocols*

=====================  =======================================================================
``protocols.py``       deal and reduce; the other protocols of players with shares are its parts
``multiplication.py``  products, brought back to degree t and noted
``openings.py``        secrets become known to all players, or to one
``agreement.py``       what holders must have seen alike, compared with their next message
``side_by_side.py``    protocols that do not depend on each other share their messages
``coins.py``           random numbers that nobody knows before all have what was dealt
``common_keys.py``     keys for random numbers that two players draw alike
``protocol_error.py``  the error of players whose messages do not fit together
``collectors.py``      many products among many holders, by way of some of them
``holders.py``         who holds shares: drawn by all players, where there is a choice
``masks.py``           random numbers that hide what is opened, with their bits
``circuits.py``        logic on shared bits: carries, and which number is smaller
``comparison.py``      less-than and equality of shared integers
``decomposition.py``   the bits of shared integers
``truncation.py``      division by powers of two
``projections.py``     random sums of long vectors, from a seed that nobody chose
``input_proof.py``     what a client deals to prove that its words are short
=====================  =======================================================================

*Players that deviate*

=====================  =======================================================================
``claims.py``          what holders believe of their shares until it is verified
``cheats.py``          players that depart from the protocol, to show what comes of it
``result_check.py``    a long result is checked by the player that is told it
``verification.py``    all of that is verified before an opening it could betray something in
``blame.py``           who it was, when something in it was false
``mask_proof.py``      what the dealers of masks claim, proven
``product_check.py``   many products of the prime field, verified at the price of few
``distance_check.py``  all distances of some vectors, by one inner product
``long_sum.py``        a sum of long vectors, computed portion by portion when it is wanted
``byte_check.py``      products of the small field, verified over its extension
=====================  =======================================================================

*Process*

=====================  =======================================================================
``player.py``          one player process
``network.py``         a mutually authenticated connection to every other player
``inbox.py``           what comes from all players, and who of them has gone
``outbox.py``          what is still to be sent, to all players side by side
``connection.py``      one connection, for a thread that reads and one that writes
``handshakes.py``      how these connections come about, all side by side
``calls.py``           whom a player calls, at which address and when
``contacts.py``        what is under way, and which of it are strangers
``early.py``           what players say that are connected before all are
``contact.py``         a connection until it is one: TLS, and a greeting
``whereabouts.py``     what is known of players that are not connected, in words
``meeting.py``         what two players tell each other first: what they are there for
``addresses.py``       hosts and ports; sockets that notice that a host is silent
``farewell.py``        what a player that has to end tells the others
``last_words.py``      and what it hears of them then
``network_error.py``   the error when the conversation with another player breaks
``given.py``           what a player is given on standard input before all else
``credentials.py``     what a player shows and proves to the others
``input_words.py``     the words that a player reads
``output_text.py``     the numbers that it prints
``client.py``          the client's side of the proof, beside a SCALE-MAMBA player
``view.py``            what one player saw, for the lesson
``run_error.py``       the error of a program, a word or a client
``fork_server.py``     forks players on Linux, quicker than to start each
=====================  =======================================================================
"""
