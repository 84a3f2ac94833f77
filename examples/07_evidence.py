"""An operation from its first file to a sealed bundle, and the check that finds one changed byte."""

import sys
from pathlib import Path

from ops import keys
from ops.evidence import bundle, verify
from ops.operations import Operation, OperationKind

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
operation = Operation.create(folder / "operation", "A crash on the N224", OperationKind.CRASH_SCENE)
note = folder / "note.txt"
note.write_text("Two cars, road closed at 21:40.\n")
entered = operation.add_file(note, "scene")
operation.record("scene.released", road="N224")
print(f"{entered.path} entered with SHA-256 {entered.sha256[:16]}…")

key = keys.create(folder / "signing-key.pem")
bundle(operation, folder / "bundle", key)
report = verify(folder / "bundle", key.public_key())
print(f"{report.files} files, {report.log_lines} lines of the log: sound is {report.sound}")
assert report.sound

inside = next((folder / "bundle").rglob("note.txt"))
inside.write_text("Three cars, road closed at 21:40.\n")
problems = verify(folder / "bundle", key.public_key()).problems
print("after one change:", *problems, sep="\n  ")
assert problems
