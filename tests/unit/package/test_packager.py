"""Faults, limits, build commands, and packaging once."""

from __future__ import annotations

import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from backendctl.package import (
    DIRECT_LIMIT,
    UNZIPPED_LIMIT,
    Artefact,
    PackageError,
    Packager,
    Source,
    build,
    code_faults,
    limit_faults,
)


def artefact(*, size: int, unzipped: int) -> Artefact:
    return Artefact(sha256="", size=size, unzipped=unzipped, path=Path("unused"))


@pytest.mark.parametrize(
    ("size", "unzipped", "bucket", "faults"),
    [
        (DIRECT_LIMIT - 1, UNZIPPED_LIMIT - 1, False, 0),
        (DIRECT_LIMIT, UNZIPPED_LIMIT - 1, False, 1),
        (DIRECT_LIMIT, UNZIPPED_LIMIT - 1, True, 0),
        (1, UNZIPPED_LIMIT, True, 1),
        (DIRECT_LIMIT, UNZIPPED_LIMIT, False, 2),
    ],
)
def test_limits_are_those_of_lambda(size: int, unzipped: int, bucket: bool, faults: int) -> None:  # noqa: FBT001
    assert len(limit_faults(artefact(size=size, unzipped=unzipped), bucket=bucket)) == faults


def test_a_tree_too_large_to_run_is_refused_before_it_is_packed(tmp_path: Path) -> None:
    with (tmp_path / "model.bin").open("wb") as stream:
        stream.truncate(UNZIPPED_LIMIT)  # sparse: no disk is used
    with pytest.raises(PackageError, match=f"must be smaller than {UNZIPPED_LIMIT}"):
        build(Source(path=tmp_path))


def test_a_sound_folder_has_no_faults(tmp_path: Path) -> None:
    (tmp_path / "app.py").touch()
    assert code_faults(Source(path=tmp_path)) == []


def test_faults_of_paths_are_found(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "broken.zip").write_text("no archive")
    zipfile.ZipFile(tmp_path / "hollow.jar", "w").close()
    expected = {
        "gone": "does not exist",
        "gone.zip": "does not exist",
        "empty": "no files",
        "notes.txt": "neither a folder",
        "broken.zip": "cannot be read as an archive",
        "hollow.jar": "is empty",
    }
    for name, sentence in expected.items():
        (fault,) = code_faults(Source(path=tmp_path / name))
        assert fault.startswith(str(tmp_path / name))
        assert sentence in fault


def test_a_folder_with_nothing_but_ignored_files_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / ".backendctlignore").write_text("*\n")
    (tmp_path / "app.py").touch()
    assert code_faults(Source(path=tmp_path)) == [
        f"{tmp_path}: there are no files to package, 1 left out by .backendctlignore, 1 left out by the built-in list"
    ]


def test_nothing_is_put_into_a_ready_made_archive(tmp_path: Path) -> None:
    (fault,) = code_faults(Source(path=tmp_path / "ready.zip", include=(tmp_path,)))
    assert "cannot be put into" in fault


@pytest.mark.parametrize("source", [Source(), Source(s3="s3://bucket/key", image="registry/image")])
def test_one_origin_is_wanted(source: Source) -> None:
    assert len(code_faults(source)) == 1


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        (Source(s3="s3://my-bucket/deep/key.zip"), 0),
        (Source(s3="s3://my-bucket"), 1),
        (Source(s3="https://my-bucket/key"), 1),
        (Source(image="123456789012.dkr.ecr.us-east-1.amazonaws.com/places:v1"), 0),
        (Source(image="localhost:5000/places@sha256:" + "a" * 64), 0),
        (Source(image="https://registry/places"), 1),
        (Source(image="registry/places:v1", build="make"), 1),
    ],
)
def test_uris_have_their_form(source: Source, faults: int) -> None:
    assert len(code_faults(source)) == faults


def test_what_aws_fetches_itself_is_not_packaged() -> None:
    with pytest.raises(PackageError, match="nothing to package"):
        build(Source(s3="s3://my-bucket/key.zip"))


def test_a_build_command_makes_what_is_packaged(tmp_path: Path) -> None:
    command = "mkdir -p out && echo 'handler = 1' > out/app.py && echo compiled && echo warned >&2"
    source = Source(path=tmp_path / "out", build=command, cwd=tmp_path)
    assert code_faults(source) == []
    made = build(source)
    assert made.member("app.py") == b"handler = 1\n"
    assert made.log == "compiled\nwarned\n"


def test_a_failing_build_command_tells_its_code_and_its_last_lines(tmp_path: Path) -> None:
    command = "seq 1 40; echo wrong >&2; exit 3"
    with pytest.raises(PackageError) as caught:
        build(Source(path=tmp_path, build=command, cwd=tmp_path))
    assert command in str(caught.value)
    assert "exit code 3" in str(caught.value)
    assert caught.value.faults == (*map(str, range(27, 41)), "wrong")


def test_a_build_command_that_makes_nothing_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="does not exist"):
        build(Source(path=tmp_path / "out", build="true", cwd=tmp_path))


def test_a_build_command_needs_its_folder(tmp_path: Path) -> None:
    source = Source(path=tmp_path, build="true", cwd=tmp_path / "gone")
    assert len(code_faults(source)) == 1
    with pytest.raises(PackageError, match="cannot run in it"):
        build(source)


def test_many_regions_package_once(tmp_path: Path) -> None:
    source = Source(path=tmp_path / "out", build="echo x >> runs; mkdir -p out; sleep 0.1; cp runs out", cwd=tmp_path)
    packager, together = Packager(), threading.Barrier(8)

    def one_region(_: int) -> Artefact:
        together.wait(timeout=5)
        return packager.build(source)

    with ThreadPoolExecutor(8) as pool:
        artefacts = list(pool.map(one_region, range(8)))
    assert (tmp_path / "runs").read_text() == "x\n"
    assert all(one is artefacts[0] for one in artefacts)


def test_functions_that_share_a_build_command_run_it_once(tmp_path: Path) -> None:
    command = "echo x >> runs; mkdir -p a b; echo 1 > a/app.py; echo 2 > b/app.py"
    packager = Packager()
    one, two = (packager.build(Source(path=tmp_path / name, build=command, cwd=tmp_path)) for name in "ab")
    assert (tmp_path / "runs").read_text() == "x\n"
    assert one.sha256 != two.sha256


def test_build_commands_run_one_at_a_time(tmp_path: Path) -> None:
    sources = [
        Source(path=tmp_path / name, build=f"mkdir lock && mkdir {name} && echo > {name}/x; sleep 0.05; rmdir lock")
        for name in ("a", "b", "c")
    ]
    packager = Packager()
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda source: packager.build(replace(source, cwd=tmp_path)), sources))
    assert [one.names() for one in made] == [("x",)] * 3


def test_a_failed_build_is_not_tried_again_for_the_next_region(tmp_path: Path) -> None:
    source = Source(path=tmp_path, build="echo x >> runs; false", cwd=tmp_path)
    packager = Packager()
    for _ in range(2):
        with pytest.raises(PackageError, match="exit code 1"):
            packager.build(source)
    assert (tmp_path / "runs").read_text() == "x\n"


def test_what_was_planned_is_what_is_deployed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("old = 1")
    packager = Packager()
    planned = packager.build(Source(path=tmp_path))
    (tmp_path / "app.py").write_text("new = 1")
    assert packager.build(Source(path=tmp_path)) == planned
    assert Packager().build(Source(path=tmp_path)).sha256 != planned.sha256
