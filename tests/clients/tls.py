"""TLS in front of r2shim, which has none of its own: what ends it and forwards the bytes, as a load balancer does."""

import asyncio
import ssl
import subprocess
import threading

COPY_BYTES = 1 << 16


def certificate(openssl, folder, extensions=()):
    """A self-signed certificate for 127.0.0.1 and its key: the paths of both."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subject += [word for extension in extensions for word in ("-addext", extension)]
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", *subject]
    subprocess.run([openssl, *made, "-keyout", key, "-out", cert], check=True, capture_output=True, timeout=60)
    return cert, key


class TlsFront:
    """Forwards every TLS connection to a plain one of its own at `port`. `endpoint` is its URL."""

    def __init__(self, cert, key, port):
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(cert, key)
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listener = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(30)
        self.endpoint = "https://127.0.0.1:%d" % listener.sockets[0].getsockname()[1]

    async def _listen(self):
        return await asyncio.start_server(self._forward, "127.0.0.1", 0, ssl=self._context)

    async def _forward(self, reader, writer):
        """Both directions, until either side has ended."""
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        copies = [asyncio.ensure_future(copy(reader, inner_writer)), asyncio.ensure_future(copy(inner_reader, writer))]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in copies:
                each.cancel()
            for each in (writer, inner_writer):
                each.close()

    def stop(self):
        """Ends all connections, then the thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self):
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def copy(reader, writer):
    """Bytes of one direction. A peer that is gone ends it as its last byte would."""
    try:
        while piece := await reader.read(COPY_BYTES):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
