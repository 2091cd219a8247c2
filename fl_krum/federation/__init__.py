"""Federated learning without SMPC: data, models, clients, attacks and the rounds of a session."""
