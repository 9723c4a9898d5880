"""Runs a program on a terminal of 80 columns: waits for a text, sends keys, and so on.

Arguments: steps as JSON [[text to wait for, keys], ...], then the program and its arguments.
Writes the screen to stdout; exits as the program does, or with 99 when a text does not come.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

steps, argv = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    time.sleep(0.2)
    os.execvp(argv[0], argv)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))


def read():
    """What came, or nothing when the program has ended or is silent for a moment."""
    if not select.select([terminal], [], [], 0.1)[0]:
        return b""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def seen_until(text, seconds):
    seen, end = b"", time.time() + seconds
    while text.encode() not in seen:
        if time.time() > end:
            os.kill(pid, 9)
            sys.stdout.write(f"\nnot seen: {text!r}\n")
            sys.exit(99)
        part = read()
        seen += part
        sys.stdout.buffer.write(part)


for text, keys in steps:
    if text == "PAUSE":
        time.sleep(0.5)
    else:
        seen_until(text, 30)
    # Keys of a person: several at once would be taken for a paste.
    time.sleep(0.05)
    os.write(terminal, keys.encode())
end = time.time() + 30
while time.time() < end:
    done, status = os.waitpid(pid, os.WNOHANG)
    part = read()
    sys.stdout.buffer.write(part)
    if done != 0 and not part:
        sys.exit(os.waitstatus_to_exitcode(status))
os.kill(pid, 9)
sys.exit(98)
