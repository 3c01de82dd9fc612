"""Answers every request with a greeting that names the dyno."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Greeting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"Hello from {os.environ.get('DYNO', 'somewhere')}!\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


port = int(os.environ.get("PORT", "5000"))
print(f"listening on port {port}")
Server(("0.0.0.0", port), Greeting).serve_forever()
