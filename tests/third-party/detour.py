"""An HTTPS proxy that leads every connection to one simulator, whatever host was asked for.

So a client whose hosts are fixed in its code works on a simulator without a change to it, to DNS or to /etc/hosts: the
environment variable HTTPS_PROXY is enough, and REQUESTS_CA_BUNDLE or its like for the throw-away authority, whose
certificate names Sophos' hosts too.
"""

import socket
import socketserver
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit


class Detour(socketserver.StreamRequestHandler):
    """One connection: CONNECT, and from then on whatever the two ends say."""

    def handle(self):
        while self.rfile.readline().strip():
            pass
        with socket.create_connection(self.server.simulator) as simulator:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(simulator, self.connection))
            back.start()
            pump(self.connection, simulator)
            back.join()


class Proxy(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine alone."""

    daemon_threads = True

    def __init__(self, simulator):
        super().__init__(("127.0.0.1", 0), Detour)
        self.simulator = simulator


def pump(source, sink):
    """Passes on what comes until it ends, and then its end. Who hangs up in the middle has finished with both."""
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            end.close()


@contextmanager
def detour(simulator_url):
    """The address of a proxy that leads to the simulator for as long as the block lasts."""
    address = urlsplit(simulator_url)
    with Proxy((address.hostname, address.port)) as proxy:
        serving = threading.Thread(target=proxy.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()
            serving.join()
