"""A real MP-SPDZ that the user has built or unpacked."""
