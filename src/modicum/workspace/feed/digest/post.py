"""A mail server, over SMTP with TLS, and what comes of giving it a message."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import EmailPolicy
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

from modicum.core.errors import InputError

PORTS = {"smtp": 587, "smtps": 465}
SECONDS = 30.0
"""Seconds that a server may take for an answer."""
MESSAGES = 100
"""Messages of one connection; many servers allow no more."""
NOT_THE_READER = re.compile(r"5\.(1\.[78]|7\.\d+)\b")
"""Codes (RFC 3463) of a bad sender and of policy: a server may hold them back until a recipient is named."""
WHOLE = ("list-id", "list-unsubscribe")
"""Headers that hold an address in angle brackets and nothing else (RFC 2369, RFC 2919)."""


class Broken(Exception):
    """The connection broke, or could not be made; it may be tried again."""


class Refused(Exception):
    """The server refused one message, so that it does not have it."""

    def __init__(self, code: int, said: bytes | str) -> None:
        text = " ".join((said.decode("utf-8", "replace") if isinstance(said, bytes) else said).split())
        super().__init__(f"{code} {text[:200]}")
        self.for_good = 500 <= code < 600 and NOT_THE_READER.match(text) is None


@dataclass(frozen=True)
class Server:
    """Where mail is handed in."""

    host: str
    port: int
    tls: bool
    """Whether TLS begins with the connection; else it is asked for (STARTTLS), and required but on this machine."""
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, address: str, password: str = "") -> Self:
        """A server by its address: `smtp://USER@HOST:PORT` or `smtps://USER@HOST:PORT`.

        Args:
            address: The address, without the password.
            password: What the user signs in with.

        Raises:
            InputError: It is none, or holds a password.

        Example:
            >>> Server.parse("smtp://feed@mail.example.org", "secret")
            Server(host='mail.example.org', port=587, tls=False, user='feed')
        """
        try:
            parts = urlsplit(address)
            password_in, port = parts.password, parts.port or PORTS.get(parts.scheme, 0)
            (parts.hostname or "").encode("idna")  # as a connection would; it refuses mail..example.org
        except ValueError:
            parts, password_in, port = urlsplit(""), None, 0
        if password_in is not None:
            raise InputError("the address of the mail server holds a password, which others may see; use a file for it")
        if parts.scheme not in PORTS or not parts.hostname or not port or parts.path.strip("/") or parts.query:
            raise InputError("that names no mail server; write it as smtp://USER@HOST:PORT or smtps://USER@HOST:PORT")
        user = unquote(parts.username or "")
        if bool(user) != bool(password):
            raise InputError("a mail server wants both a user and a password, or neither; give the missing one")
        return cls(parts.hostname, port, parts.scheme == "smtps", user, password)

    @property
    def here(self) -> bool:
        """Whether it is this machine."""
        with suppress(ValueError):
            return ip_address(self.host).is_loopback
        return self.host == "localhost"


class Post:
    """Hands messages to a server, through a connection that is made anew when it breaks or is worn.

    Args:
        server: The server.
        sender: Address that errors come back to.
    """

    def __init__(self, server: Server, sender: str) -> None:
        self.server, self.sender = server, sender
        self._smtp: smtplib.SMTP | None = None
        self._handed = 0

    def __enter__(self) -> Self:
        """Return the post; a connection is made with the first message."""
        return self

    def __exit__(self, *error: object) -> None:
        """Take leave of the server."""
        self.close()

    def close(self) -> None:
        """Take leave of the server."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._drop()

    def deliver(self, to: str, message: bytes, begin: Callable[[], bool] = lambda: True) -> bool:
        """Hand in a message; when this returns, the server has it.

        Args:
            to: Address of the one who gets it.
            message: The message.
            begin: Called when the server has agreed and is about to be given the message; False to leave it.

        Returns:
            Whether it was handed in, that is, what `begin` said.

        Raises:
            Broken: The connection broke. If that was after `begin`, the server may have the message.
            Refused: The server does not take it.
            InputError: The server has no trusted TLS, does not know the user, or refuses the sender, as it then would
                with every message.
        """
        smtp = self._connected()
        try:
            self._begin(smtp)
            code, said = smtp.rcpt(to)
            if code not in (250, 251):
                self._refused(code, said)
            if not begin():
                smtp.rset()
                return False
            code, said = smtp.data(message)
            if code != 250:
                self._refused(code, said)
        except smtplib.SMTPDataError as error:
            self._refused(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Broken(str(error) or type(error).__name__) from error
        self._handed += 1
        return True

    def _begin(self, smtp: smtplib.SMTP) -> None:
        """Name the sender."""
        code, said = smtp.mail(self.sender)
        if 500 <= code < 600:
            raise InputError(
                f"{self.server.host} refuses the sender {self.sender} ({Refused(code, said)}); correct --from, or name "
                "a user who may send from it in --smtp"
            )
        if code != 250:
            self._refused(code, said)

    def _refused(self, code: int, said: bytes | str) -> None:
        """Clear the way for the next message."""
        if code in (421, -1):
            self._drop()
            raise Broken(f"{code} the server closed the connection")
        if self._smtp is not None:
            try:
                self._smtp.rset()
            except (OSError, smtplib.SMTPException):
                self._drop()
        raise Refused(code, said)

    def _connected(self) -> smtplib.SMTP:
        if self._handed >= MESSAGES:
            self.close()
        if self._smtp is None:
            try:
                self._smtp = self._connect()
            except ssl.SSLCertVerificationError as error:
                raise InputError(
                    f"the certificate of {self.server.host} is not trusted ({error.verify_message}); name a file with "
                    "its authority in the variable SSL_CERT_FILE"
                ) from error
            except smtplib.SMTPAuthenticationError as error:
                raise InputError(f"{self.server.host} refuses the user or the password; correct them") from error
            except (OSError, smtplib.SMTPException) as error:
                raise Broken(str(error) or type(error).__name__) from error
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        server, context, name = self.server, ssl.create_default_context(), self.sender.rpartition("@")[2]
        smtp: smtplib.SMTP
        if server.tls:
            smtp = smtplib.SMTP_SSL(server.host, server.port, name, timeout=SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, name, timeout=SECONDS)
        try:
            smtp.ehlo_or_helo_if_needed()
            if not server.tls:
                self._encrypt(smtp, context)
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _encrypt(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        if smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        elif not self.server.here:
            raise InputError(f"{self.server.host} offers no TLS (STARTTLS); hand mail in to a server that does")

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp, self._handed = None, 0


class _Wire(EmailPolicy):
    """How headers are folded: the library would write long addresses as encoded words, which no mail program opens."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """A header as bytes, in one line where it is of `WHOLE`: a line may have 998 signs."""
        if name.lower() in WHOLE:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


def wire(message: EmailMessage) -> bytes:
    r"""The bytes of a message as servers take them.

    Example:
        >>> letter = EmailMessage()
        >>> letter["Subject"] = "Few labels"
        >>> wire(letter)
        b'Subject: Few labels\r\n\r\n'
    """
    return message.as_bytes(policy=_Wire(linesep="\r\n"))
