"""Draws what the path of a request says."""

import os
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

FONTS = os.path.expanduser("~/.apt/usr/share/figlet")


class Drawing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        words = unquote(self.path)[1:60] or "hello"
        drawn = subprocess.run(["toilet", "-d", FONTS, "--", words], capture_output=True, check=True)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(drawn.stdout)))
        self.end_headers()
        self.wfile.write(drawn.stdout)


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


Server(("0.0.0.0", int(os.environ.get("PORT", "5000"))), Drawing).serve_forever()
