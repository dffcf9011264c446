"""Links by mail: what a site sends to whoever signs up or in."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from modicum.core.errors import InputError
from modicum.workspace.feed.digest import Letters, Post, Server
from modicum.workspace.feed.digest.post import Broken, Refused, wire
from modicum.workspace.feed.readers import Readers, check_email

TRIES = 2
"""Times that a link is handed in, while somebody waits for the page."""


@dataclass(frozen=True)
class Mailing:
    """Sends links. They lead to the site that `letters` names, whatever name a request went to."""

    server: Server
    letters: Letters

    def send_link(self, readers: Readers, email: str, origin: str) -> None:
        """Send the link that confirms an address and signs in.

        Args:
            readers: The readers of the feed.
            email: The address.
            origin: Where the request comes from.

        Raises:
            InputError: It is no address, too many links were asked for, or the mail cannot be sent now.
        """
        address = check_email(email)
        token = readers.sign_up(address, origin=origin)
        letter = self.letters.link(address, f"{self.letters.site}/sign-in/{token}", readers.clock())
        with Post(self.server, self.letters.sender) as post:
            for left in reversed(range(TRIES)):
                try:
                    post.deliver(address, wire(letter))
                except (Broken, Refused, InputError) as error:
                    if isinstance(error, InputError):  # for the owner to put right, and none of a visitor's business
                        logging.getLogger(__name__).error("links are not sent: %s", error)
                    if not left or not isinstance(error, Broken):
                        raise InputError("the mail could not be sent; try again in a few minutes") from error
                else:
                    return
