# patroni-node.py <configuration>
#
# Runs Patroni so that its PostgreSQL, which it starts as a daemon, is below this process too: it is killed, stopped and ended with it.
import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
patroni = subprocess.Popen([sys.executable, "-m", "patroni", sys.argv[1]])


def below():
    with open(f"/proc/self/task/{os.getpid()}/children") as children:
        return [int(child) for child in children.read().split()]


def end(*_):
    patroni.kill()
    for child in below():
        if child != patroni.pid:
            os.kill(child, signal.SIGQUIT)


signal.signal(signal.SIGTERM, end)
code = 0
while below():
    try:
        child, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        break
    if child == patroni.pid:
        code = os.waitstatus_to_exitcode(status)
        end()
    if child == 0:
        time.sleep(0.02)
sys.exit(abs(code))
