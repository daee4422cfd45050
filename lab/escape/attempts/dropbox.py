"""Family 10: what a submission could carry to the gate, or past it, by its files' names and kinds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.escape.attempt import Attempt, Code

_LINKS = "CWE-59, link following"
_PATHS = "CWE-22, path traversal"
_LIMITS = "CWE-400, uncontrolled resource consumption"
_CLAIMS = "CWE-290, authentication bypass by spoofing"

_BEGIN = """
import os, shutil
place = t["workspace"] + "/box-" + t["attempt"]
shutil.rmtree(place, ignore_errors=True)
os.makedirs(place)
folder = os.path.basename(place)
open(place + "/submission.toml", "w").write("title = 'x'")
"""


def _arrived(told: Any, targets: Mapping[str, Any]) -> bool:
    """Whether anything with the canary in it lies in the inbox."""
    canary = str(targets["canary"]).encode()
    boxes = Path(str(targets["inbox"])).rglob("*")
    return any(canary in path.read_bytes() for path in boxes if path.is_file())


def _box(name: str, what: str, source: str, body: str, *, arrives: bool = True) -> Attempt:
    begin = _BEGIN.replace('t["attempt"]', repr(name))
    return Attempt(f"box-{name}", 10, what, source, Code(begin + body, after=_arrived if arrives else None))


def _taken(name: str, what: str, source: str, body: str) -> Attempt:
    return _box(name, what, source, body + '\nreturn "taken"', arrives=False)


ATTEMPTS = (
    _box("symlink", "submit a symbolic link to a file of the host", _LINKS, """
os.symlink(t["file"], place + "/table.csv")
return drop(t, folder, ["submission.toml", "table.csv"])
"""),
    _box("symlink-declaration", "submit a declaration that is a link to a file of the host", _LINKS, """
os.unlink(place + "/submission.toml"); os.symlink(t["file"], place + "/submission.toml")
return drop(t, folder, ["submission.toml"])
"""),
    _box("symlink-folder", "submit a folder that is a link to one of the host", _LINKS, """
os.symlink(t["folder"], place + "/inner")
open(place + "/inner-declaration", "w").close()
shutil.copy(place + "/submission.toml", t["folder"]) if t["side"] == "outside" else None
return drop(t, folder + "/inner", ["submission.toml", "canary.txt"])
"""),
    _box("hard-link", "submit another name of a file of the host", _LINKS, """
try:
    os.link(t["file"], place + "/table.csv")
except OSError:
    if t["side"] == "inside":
        raise
    os.symlink(t["file"], place + "/table.csv")
return drop(t, folder, ["submission.toml", "table.csv"])
"""),
    _box("proc-link", "submit a link into /proc", _LINKS, """
os.symlink(f"/proc/{t['pid']}/environ", place + "/table.csv")
return drop(t, folder, ["submission.toml", "table.csv"])
"""),
    _box("race", "put a link in a file's place while it is copied", "CWE-367, time of check, time of use", """
table = place + "/table.csv"
child = os.fork()
if child == 0:
    while True:
        open(place + "/plain", "w").close(); os.replace(place + "/plain", table)
        os.symlink(t["file"], place + "/link"); os.replace(place + "/link", table)
try:
    for _ in range(40):
        try:
            drop(t, folder, ["submission.toml", "table.csv"])
        except Exception:
            continue
finally:
    os.kill(child, 9)
"""),
    _box("race-folder", "put a link in a folder's place while it is copied", "CWE-367", """
inner = place + "/inner"; os.makedirs(place + "/kept")
open(place + "/kept/submission.toml", "w").close(); open(place + "/kept/canary.txt", "w").close()
os.rename(place + "/kept", inner)
shutil.copy(place + "/submission.toml", t["folder"]) if t["side"] == "outside" else None
child = os.fork()
if child == 0:
    while True:
        os.rename(inner, place + "/aside"); os.symlink(t["folder"], inner)
        os.unlink(inner); os.rename(place + "/aside", inner)
try:
    for _ in range(40):
        try:
            drop(t, folder + "/inner", ["submission.toml", "canary.txt"])
        except Exception:
            continue
finally:
    os.kill(child, 9)
"""),
    _box("dots", "submit a file by a name with .. in it", _PATHS, """
return drop(t, folder, ["submission.toml", os.path.relpath(t["file"], place)])
"""),
    _box("dots-folder", "submit from a folder with .. in it", _PATHS, """
above = os.path.relpath(t["folder"], t["workspace"])
shutil.copy(place + "/submission.toml", t["folder"]) if t["side"] == "outside" else None
return drop(t, above, ["submission.toml", "canary.txt"])
"""),
    _box("absolute", "submit a file by its whole path", _PATHS, """
return drop(t, folder, ["submission.toml", t["file"]])
"""),
    _box("absolute-folder", "submit from a folder by its whole path", _PATHS, """
shutil.copy(place + "/submission.toml", t["folder"]) if t["side"] == "outside" else None
return drop(t, t["folder"], ["submission.toml", "canary.txt"])
"""),
    _taken("name-control", "submit a name that moves a terminal's cursor", "CWE-150", """
open(place + "/a\\x1b[2Jb.csv", "w").close()
drop(t, folder, ["submission.toml", "a\\x1b[2Jb.csv"])
"""),
    _taken("name-newline", "submit a name that has a line break", "CWE-93", """
open(place + "/a\\nb.csv", "w").close()
drop(t, folder, ["submission.toml", "a\\nb.csv"])
"""),
    _taken("name-long", "submit rows as a file's name", "CWE-1007", """
name = "row-17-f-leeds-" * 12 + ".csv"
open(place + "/" + name, "w").close()
drop(t, folder, ["submission.toml", name])
"""),
    _taken("name-bidi", "submit a name that reads backwards", "CWE-1007", """
open(place + "/a\\u202evsc.exe", "w").close()
drop(t, folder, ["submission.toml", "a\\u202evsc.exe"])
"""),
    _taken("pipe", "submit a pipe that never ends", _LIMITS, """
os.mkfifo(place + "/table.csv")
child = os.fork()
if child == 0:
    with open(place + "/table.csv", "w") as pipe: pipe.write("rows")
    os._exit(0)
try:
    drop(t, folder, ["submission.toml", "table.csv"])
finally:
    os.kill(child, 9)
"""),
    _taken("large", "submit a file larger than the gate takes", _LIMITS, """
with open(place + "/table.csv", "wb") as file: file.truncate(65 << 20)
drop(t, folder, ["submission.toml", "table.csv"])
"""),
    _taken("many", "submit more files than the gate takes", _LIMITS, """
names = [f"{n}.csv" for n in range(150)]
for name in names: open(place + "/" + name, "w").close()
drop(t, folder, ["submission.toml", *names])
"""),
    _taken("undeclared", "submit a file without a declaration", _CLAIMS, """
open(place + "/table.csv", "w").close()
drop(t, folder, ["table.csv"])
"""),
    Attempt("box-claim-project", 10, "submit in the name of another project", _CLAIMS, Code(
        _BEGIN.replace('t["attempt"]', "'claim'") + """
return drop(t, folder, ["submission.toml"], project="pensions", id="pensions-20260101t000000-abcdef")
""", after=lambda told, t: str(told).startswith("pensions-"))),
    Attempt("box-claim-person", 10, "submit in the name of another person", _CLAIMS, Code(
        _BEGIN.replace('t["attempt"]', "'person'") + """
open(place + "/envelope.json", "w").write('{"submitted_by": "somebody else"}')
box = drop(t, folder, ["submission.toml", "envelope.json"])
if t["side"] == "outside":
    os.replace(t["inbox"] + "/" + box + "/files/envelope.json", t["inbox"] + "/" + box + "/envelope.json")
return box
""", after=lambda told, t: _says(t, told, "somebody else"))),
)  # fmt: skip


def _says(targets: Mapping[str, Any], box: Any, word: str) -> bool:
    envelope = Path(str(targets["inbox"]), str(box), "envelope.json")
    return envelope.exists() and word in envelope.read_text()
