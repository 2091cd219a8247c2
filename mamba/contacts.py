"""All contacts of one player, what each of them waits for, and which of them are strangers."""

import contextlib


class Contacts:
    """Those that are no connections yet.

    Parameters
    ----------
    selector : selectors.BaseSelector
        Has the contact for the data of each that waits.
    most : int
        How many there may be.

    Attributes
    ----------
    strangers : int
        How many were turned away that had shown no certificate.
    """

    def __init__(self, selector, most):
        self._selector, self._most = selector, most
        self._all, self.strangers = set(), 0

    def __iter__(self):
        return iter([*self._all])

    def __contains__(self, contact):
        return contact in self._all

    def wait(self, contact, event):
        """This one waits for that."""
        self._all.add(contact)
        try:
            self._selector.modify(contact.socket, event, contact)
        except KeyError:
            self._selector.register(contact.socket, event, contact)

    def make_room(self):
        """Turn somebody away if there are too many: best of all one that has not said a word."""
        if len(self._all) >= self._most:
            callers = [contact for contact in self._all if contact.player is None]
            oldest = min(callers, key=lambda contact: (not contact.is_silent, contact.until))
            self.turn_away(oldest)

    def drop_the_late(self, now):
        """Turn away whoever has called and not become known in time."""
        for contact in self:
            if contact.until < now and contact.player is None:
                self.turn_away(contact)

    def turn_away(self, contact):
        """Close it, after what TLS may have said to it."""
        self.strangers += contact.is_stranger
        self.leave(contact)
        contact.hang_up()

    def forget(self, contact):
        """Close it."""
        self.leave(contact)
        contact.socket.close()

    def leave(self, contact):
        """It waits for nothing any more."""
        self._all.discard(contact)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(contact.socket)

    def close(self):
        """Close all."""
        for contact in self:
            self.forget(contact)
