"""Family 7: what a room sees of the host's network, and the devices and sockets it could make."""

from lab.escape.attempt import Attempt, Code

_SATRE = "SATRE 2.1, no network but the named one"
_MAN = "address_families(7)"

_SOCKET = """
import socket
line = socket.socket({family}, {kind}, {protocol})
{then}
return "made"
"""


def _reach(name: str, what: str, body: str, source: str = _SATRE) -> Attempt:
    return Attempt(f"net-{name}", 7, what, source, Code("import socket\n" + body))


def _family(name: str, what: str, family: int, kind: int, protocol: int = 0, then: str = "") -> Attempt:
    body = _SOCKET.format(family=family, kind=kind, protocol=protocol, then=then)
    return Attempt(f"net-family-{name}", 7, what, _MAN, Code(body))


ATTEMPTS = (
    _reach(
        "devices",
        "see a network device but loopback",
        'return [name for _, name in socket.if_nameindex() if name not in {"lo", "sit0", "tunl0"}]',
    ),
    _reach(
        "neighbours",
        "read who the host's neighbours are",
        'return len(open("/proc/net/arp").read().splitlines()) > 1 '
        'or len(open("/proc/net/route").read().splitlines()) > 1',
    ),
    _reach(
        "connections",
        "read which connections the host has",
        'ports = {line.split()[1].rpartition(":")[2] for line in open("/proc/net/tcp").readlines()[1:]}\n'
        'return format(t["tcp"], "04X") in ports',
    ),
    _reach(
        "unix-names",
        "read which Unix sockets the host has",
        'return t["unix"] in open("/proc/net/unix").read()',
    ),
    _family("raw", "open a raw socket", 2, 3, 255),
    _family("packet", "open a packet socket", 17, 3),
    _family("vsock", "open a socket to the hypervisor", 40, 1),
    _family("xdp", "open an express data path", 44, 3),
    _reach(
        "interface",
        "make a network device",
        """
import fcntl, os, struct
device = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22s", b"labtest%d", 0x1002, b""))
return "made"
""",
        "tuntap, Linux networking documentation",
    ),
    _reach(
        "route",
        "add a route to the network",
        """
import struct
line = socket.socket(16, socket.SOCK_RAW, 0)
lo = socket.if_nametoindex("lo")
body = struct.pack("BBBBBBBBI", 2, 32, 0, 0, 254, 4, 253, 1, 0)
body += struct.pack("HH4s", 8, 1, bytes([198, 51, 100, 7])) + struct.pack("HHI", 8, 4, lo)
def ask(kind):
    line.send(struct.pack("IHHII", 16 + len(body), kind, 0x0405, 1, 0) + body)
    return struct.unpack_from("i", line.recv(4096), 16)[0]
answer = ask(24)
if answer == 0:
    ask(25)
return answer == 0
""",
        "rtnetlink(7)",
    ),
)
