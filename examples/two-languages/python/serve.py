"""Serves the worker for ../run.ts: on a free port, which it prints, until its input ends."""

import os
import socket
import threading

import uvicorn
from worker import app

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))


def end_with_input() -> None:
    while os.read(0, 4096):
        pass
    server.should_exit = True


threading.Thread(target=end_with_input, daemon=True).start()
print(listener.getsockname()[1], flush=True)
server.run(sockets=[listener])
