"""A mail server and an HTTP server on the loopback, as small as tests need them."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast


@dataclass
class MailServer:
    """What it got. :ivar answers: addresses it refuses, with the line it says."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    sign_ins: int = 0


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server that speaks as much SMTP as `smtplib` needs."""

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 test")
            while line := self.rfile.readline().decode().strip():
                verb = line.upper()
                if verb.startswith("EHLO"):
                    self.say("250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME")
                elif verb.startswith("AUTH"):
                    box.sign_ins += 1
                    self.say("235 welcome")
                elif verb.startswith("RCPT"):
                    address = line.partition("<")[2].partition(">")[0]
                    said = box.answers.get(address, "250 ok")
                    if said.startswith("250"):
                        box.recipients.append(address)
                    self.say(said)
                elif verb == "DATA":
                    self.say("354 go on")
                    self.say(self.take())
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def take(self) -> str:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            box.mails.append(cast(EmailMessage, message_from_bytes(b"".join(lines), policy=policy.default)))
            return "250 taken"

    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        box = MailServer(port)
        yield box


@dataclass
class WebServer:
    """What it got, each with path, headers and body. :ivar answers: statuses to answer with, one after the other."""

    port: int
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def web_server() -> Iterator[WebServer]:
    """An HTTP server that takes what is posted."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            web.got.append((self.path, dict(self.headers), body))
            self.send_response(web.answers.pop(0) if web.answers else 200)
            self.send_header("Location", web.url("/elsewhere"))
            self.end_headers()
            self.wfile.write(json.dumps({"msgid": f"gw-{len(web.got)}"}).encode())

        def log_message(self, *_said: Any) -> None:
            """Nothing to say."""

    with _served(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        web = WebServer(port)
        yield web


@contextmanager
def _served(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
