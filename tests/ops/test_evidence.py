"""A bundle is checked by others than us, and whatever is done to it is found and named."""

from __future__ import annotations

import ast
import hashlib
import logging
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bagit
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from missions.errors import EvidenceError, InputError, OutputError
from ops import keys, verify_alone
from ops.evidence import VerifyReport, bundle, verify
from ops.operations import Operation
from telemetry.clock import ManualClock

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="there is no openssl on this machine"
)
OPENSSL = "openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in tagmanifest-sha256.txt -sigfile"
OPENSSL += " tagmanifest-sha256.txt.sig"


@pytest.fixture
def operation(tmp_path: Path) -> Operation:
    operation = Operation.create(
        tmp_path / "op", "Zoektocht {Zuid}", "missing-person", ManualClock(), actor="anna"
    )
    source = tmp_path / "source"
    source.mkdir()
    noise = random.Random(1)
    for name, kind in [
        ("plan één.json", "plan"),
        ("flight.tlog", "telemetry"),
        ("a.jpg", "photo"),
        ("empty", "find"),
    ]:
        (source / name).write_bytes(noise.randbytes(0 if name == "empty" else 5000))
        operation.add_file(source / name, kind)
    operation.record("flight.ended", system=1, outcome="landed")
    return operation


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def bag(operation: Operation, key: Ed25519PrivateKey, tmp_path: Path) -> Path:
    return bundle(operation, tmp_path / "bag", key).folder


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def named(report: VerifyReport) -> set[str]:
    return {problem.path for problem in report.problems}


def run_script(bag: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(bag / "verify.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_was_sealed_is_sound(bag: Path, operation: Operation, key: Ed25519PrivateKey) -> None:
    report = verify(bag, key.public_key())
    assert report.problems == ()
    assert report.files == 6
    assert report.log_lines == 7
    assert report.fingerprint == keys.fingerprint(key.public_key())
    assert operation.log.verify().problems == []


def test_the_bagit_library_finds_a_valid_bag(bag: Path) -> None:
    logging.getLogger("bagit").setLevel(logging.ERROR)
    found = bagit.Bag(str(bag))
    found.validate()
    assert found.version_info == (1, 0)
    assert found.info["External-Description"] == "missing-person: Zoektocht {Zuid}"


def test_sha256sum_alone_checks_both_manifests(bag: Path) -> None:
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        command = ["sha256sum", "--strict", "-c", manifest]
        assert subprocess.run(command, cwd=bag, capture_output=True, check=False).returncode == 0


@needs_openssl
def test_openssl_alone_checks_the_signature(bag: Path) -> None:
    assert OPENSSL in " ".join((bag / "README.txt").read_text().replace("\\\n", "").split())
    good = subprocess.run(OPENSSL.split(), cwd=bag, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.strip()) == (0, "Signature Verified Successfully")
    (bag / "tagmanifest-sha256.txt").write_text("something else")
    assert subprocess.run(OPENSSL.split(), cwd=bag, capture_output=True, check=False).returncode != 0


@needs_openssl
def test_the_script_in_the_bag_checks_it_with_the_standard_library_alone(
    bag: Path, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    result = run_script(bag)
    assert result.returncode == 0, result.stdout + result.stderr
    assert keys.fingerprint(key.public_key()) in result.stdout
    keys.create(tmp_path / "other.pem")
    assert run_script(bag, "--key", str(tmp_path / "other.pub.pem")).returncode == 1
    assert run_script(bag, "--key", str(bag / "public-key.pem"), str(bag)).returncode == 0
    assert run_script(bag, str(tmp_path / "nothing")).returncode == 2


def test_a_byte_flipped_in_any_file_is_found_and_the_file_is_named(bag: Path) -> None:
    chooser = random.Random(3)
    for path in files_of(bag):
        whole = path.read_bytes()
        places = range(len(whole)) if len(whole) <= 100 else sorted(chooser.sample(range(len(whole)), 40))
        for place in places:
            altered = bytearray(whole)
            altered[place] ^= 1 << chooser.randrange(8)
            path.write_bytes(bytes(altered))
            report = verify(bag)
            name = path.relative_to(bag).as_posix()
            assert any(name in f"{problem.path} {problem.text}" for problem in report.problems), (name, place)
        path.write_bytes(whole)
    assert verify(bag).sound


def test_the_script_is_written_for_python_3_9() -> None:
    source = Path(verify_alone.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert {str(name).partition(".")[0] for name in imported} <= sys.stdlib_module_names


@needs_openssl
def test_the_script_finds_and_names_every_altered_file_too(bag: Path) -> None:
    for path in [path for path in files_of(bag) if path.name != "verify.py"]:
        whole = path.read_bytes()
        path.write_bytes(bytes([*whole[:-1], whole[-1] ^ 1]) if whole else b"x")
        result = run_script(bag)
        assert result.returncode == 1
        assert path.relative_to(bag).as_posix() in result.stdout.encode().decode("unicode_escape"), path
        path.write_bytes(whole)


def test_every_file_that_is_gone_is_named(bag: Path) -> None:
    for path in files_of(bag):
        whole = path.read_bytes()
        path.unlink()
        name = path.relative_to(bag).as_posix()
        assert name in named(verify(bag)), name
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["data/more.jpg", "more.txt", "data/deep/er.txt", "fetch.txt"])
def test_a_file_that_was_added_is_named(bag: Path, name: str) -> None:
    (bag / name).parent.mkdir(exist_ok=True)
    (bag / name).write_text("hello")
    assert name in named(verify(bag))


def test_a_bag_that_was_altered_and_signed_anew_by_another_does_not_pass_for_ours(
    bag: Path, key: Ed25519PrivateKey
) -> None:
    forger = Ed25519PrivateKey.generate()
    (bag / "public-key.pem").write_bytes(keys.public_pem(forger.public_key()))
    reseal(bag, forger)
    assert verify(bag).sound
    report = verify(bag, key.public_key())
    assert {"public-key.pem", "tagmanifest-sha256.txt.sig"} <= named(report)
    assert report.fingerprint == keys.fingerprint(key.public_key())


def test_a_file_altered_before_a_new_seal_still_disagrees_with_the_log(
    bag: Path, key: Ed25519PrivateKey
) -> None:
    (bag / "data/photos/a.jpg").write_bytes(bytes(5000))
    reseal(bag, key)
    assert named(verify(bag)) == {"data/photos/a.jpg"}


def test_a_file_left_out_before_a_new_seal_is_missed(bag: Path, key: Ed25519PrivateKey) -> None:
    (bag / "data/photos/a.jpg").unlink()
    info = bag / "bag-info.txt"
    oxum = next(line for line in info.read_text().splitlines() if line.startswith("Payload-Oxum"))
    size, _, count = oxum.partition(": ")[2].partition(".")
    info.write_text(info.read_text().replace(oxum, f"Payload-Oxum: {int(size) - 5000}.{int(count) - 1}"))
    reseal(bag, key)
    report = verify(bag)
    assert [(problem.path, problem.kind) for problem in report.problems] == [("data/photos/a.jpg", "missing")]


def test_a_file_that_enters_while_it_is_sealed_is_not_half_in(
    operation: Operation, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    late = tmp_path / "late.jpg"
    late.write_bytes(b"late")
    made = bundle(operation, tmp_path / "bag", key, lambda _: operation.add_file(late, "photo") and None)
    assert not (made.folder / "data/photos/late.jpg").exists()
    assert verify(made.folder).sound
    assert [file.path for file in operation.files("photo")] == ["photos/a.jpg", "photos/late.jpg"]


def reseal(bag: Path, key: Ed25519PrivateKey) -> None:
    """What a forger with a key would do after altering files: write the manifests and sign them."""
    payload = [path for path in files_of(bag) if path.is_relative_to(bag / "data")]
    (bag / "manifest-sha256.txt").write_text(manifest_of(bag, payload))
    tags = [path for path in files_of(bag) if path not in payload and not path.name.startswith("tagmanifest")]
    (bag / "tagmanifest-sha256.txt").write_text(manifest_of(bag, tags))
    (bag / "tagmanifest-sha256.txt.sig").write_bytes(key.sign((bag / "tagmanifest-sha256.txt").read_bytes()))


def manifest_of(bag: Path, paths: list[Path]) -> str:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bag).as_posix()}\n"
        for path in paths
    ]
    return "".join(lines)


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "data/../../secret",
        "/etc/hostname",
        "~/secret",
        "data//x",
        "data/./x",
        "data/a\\b",
        "bagit.txt",
    ],
)
def test_a_manifest_that_points_outside_the_payload_is_refused_and_nothing_there_is_read(
    bag: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (bag / "manifest-sha256.txt").open("a") as manifest:
        manifest.write(f"{'0' * 64}  {path}\n")
    (bag.parent / "secret").write_text("secret")
    opened: list[str] = []
    original = Path.open

    def watched(self: Path, *arguments: Any, **more: Any) -> object:
        opened.append(os.path.normpath(self))
        return original(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", watched)
    report = verify(bag)
    assert {problem.kind for problem in report.problems} & {"unsafe", "format"}
    assert opened
    assert all(name.startswith(str(bag)) for name in opened)


def test_a_path_that_is_listed_twice_is_refused(bag: Path) -> None:
    manifest = bag / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text() + manifest.read_text().splitlines(keepends=True)[0])
    assert any("second time" in problem.text for problem in verify(bag).problems)


def a_link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def a_linked_folder(path: Path) -> None:
    path.symlink_to("/etc")


@pytest.mark.parametrize("make", [a_link, a_linked_folder, os.mkfifo])
@pytest.mark.parametrize("name", ["data/more", "more"])
def test_links_and_pipes_are_refused_and_not_followed(
    bag: Path, make: Callable[[Path], None], name: str
) -> None:
    make(bag / name)
    assert [(problem.path, problem.kind) for problem in verify(bag).problems] == [(name, "unsafe")]


@pytest.mark.parametrize("name", ["bagit.txt", "manifest-sha256.txt", "data/audit.jsonl", "public-key.pem"])
def test_a_link_in_place_of_a_file_is_refused(bag: Path, name: str) -> None:
    (bag / name).rename(bag.parent / "moved")
    (bag / name).symlink_to(bag.parent / "moved")
    assert (name, "unsafe") in [(problem.path, problem.kind) for problem in verify(bag).problems]


@pytest.mark.parametrize(
    "name", ["data/photos/a.jpg", "manifest-sha256.txt", "bagit.txt", "public-key.pem", "big"]
)
def test_absurd_sizes_are_refused_without_reading(bag: Path, name: str) -> None:
    with (bag / name).open("ab") as file:
        file.truncate(2**42)
    assert name in named(verify(bag))


def test_a_folder_that_is_no_bag_is_told_and_one_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert {"bagit.txt", "manifest-sha256.txt"} <= named(verify(tmp_path / "empty"))
    with pytest.raises(InputError):
        verify(tmp_path / "nothing")


def test_a_bundle_is_not_written_over_something(
    operation: Operation, key: Ed25519PrivateKey, bag: Path
) -> None:
    with pytest.raises(OutputError):
        bundle(operation, bag, key)
    assert verify(bag).sound


def test_a_file_that_changed_after_it_entered_stops_the_sealing_and_leaves_nothing(
    operation: Operation, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    (operation.folder / "photos/a.jpg").write_bytes(b"other")
    with pytest.raises(EvidenceError, match=r"a\.jpg: the file changed"):
        bundle(operation, tmp_path / "bag", key)
    (operation.folder / "photos/a.jpg").unlink()
    with pytest.raises(EvidenceError, match=r"a\.jpg: the file that entered cannot be read"):
        bundle(operation, tmp_path / "bag", key)
    assert set(tmp_path.iterdir()) == before


def test_an_altered_log_is_not_sealed(operation: Operation, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    path = operation.log.path
    path.write_bytes(path.read_bytes().replace(b"anna", b"bert", 1))
    with pytest.raises(EvidenceError, match="log is not sound"):
        bundle(operation, tmp_path / "bag", key)


def test_stopping_halfway_leaves_nothing(
    operation: Operation, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    def stop(path: str) -> None:
        if path.startswith("photos/"):
            raise KeyboardInterrupt

    before = set(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        bundle(operation, tmp_path / "bag", key, stop)
    assert set(tmp_path.iterdir()) == before
    assert verify(bundle(operation, tmp_path / "bag", key).folder).sound


def test_a_folder_that_cannot_be_written_is_told(operation: Operation, key: Ed25519PrivateKey) -> None:
    with pytest.raises(OutputError):
        bundle(operation, operation.folder / "operation.json" / "bag", key)


def test_files_that_never_entered_are_named_and_not_sealed(
    operation: Operation, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    (operation.folder / "photos" / "stray.jpg").write_bytes(b"x")
    made = bundle(operation, tmp_path / "bag", key)
    assert made.strangers == ("photos/stray.jpg",)
    assert not (made.folder / "data/photos/stray.jpg").exists()
