"""Every family of runtimes finds its handler, or the fault says what it would not find."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backendctl.package import Findings, Wanted, findings
from backendctl.package.contents import Contents, Member

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NODE = Wanted(runtime="nodejs22.x", handler="index.handler")
PROVIDED = Wanted(runtime="provided.al2023", handler="none")
PYTHON = Wanted(runtime="python3.13", handler="app.handler")
APP = {"app.py": b"def handler(event, context): ..."}


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, machine, 1) + bytes(40)


X86, ARM = elf(62), elf(183)


def judged(files: Mapping[str, bytes], wanted: Wanted, *, executable: bool | None = True) -> Findings:
    members = {name: Member(executable=executable) for name in files}

    def fetch(name: str, limit: int | None) -> bytes:
        return files[name][:limit]

    return findings(Contents(members=members, fetch=fetch), wanted)


def faults(files: Mapping[str, bytes], wanted: Wanted, *, executable: bool | None = True) -> list[str]:
    return list(judged(files, wanted, executable=executable).faults)


ESM_MODULE = b'{"type": "module"}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("index.js", "exports.handler = async () => {}"),
        ("index.js", "module.exports.handler = async () => {}"),
        ("index.js", "module.exports = { other, handler }"),
        ("index.js", "module.exports = { handler: async () => {} }"),
        ("index.js", "module.exports = require('./dist/main')"),
        ("index.js", "Object.defineProperty(exports, 'handler', { get: () => h })"),
        ("index.js", "exports['handler'] = h"),
        ("index.js", "__exportStar(require('./main'), exports)"),
        ("index.js", "module.exports = { ...require('./main') }"),
        ("index.js", "var o=exports;for(var s in t)o[s]=t[s];/* handler */"),
        ("index.js", "export const handler = async () => {}"),  # Node 22 sees that it is an ES module
        ("index.cjs", "exports.handler = async () => {}"),
        ("index.mjs", "export const handler = async () => {}"),
        ("index.mjs", "export async function handler(event) {}"),
        ("index.mjs", "const a = 1, b = 2;export{a as other,b as handler};"),
        ("index.mjs", "export { handler } from './main.mjs'"),
        ("index.mjs", "export * from './main.mjs'"),
        ("index.mjs", "export const a = 1, handler = b"),
        ("index.mjs", "export const { handler } = make()"),
        ("index/index.js", ""),
        ("node_modules/index/package.json", "{}"),
    ],
)
def test_a_node_handler_is_found(name: str, text: str) -> None:
    assert faults({name: text.encode()}, NODE) == []


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"main.js": ""}, "none of index.js, index.mjs and index.cjs"),
        ({"index.ts": ""}, "index.ts, which has to be compiled first"),
        ({"dist/index.js": "exports.handler = 1"}, "there is dist/index.js: write the handler as dist/index"),
        ({"index.js": "exports.main = async () => {}"}, "exports no 'handler'"),
        ({"index.js": "module.exports = { main }"}, "exports no 'handler'"),
        ({"index.js": "// exports.handler = 1\nexports.main = 2"}, "exports no 'handler'"),
        ({"index.js": "const handler = 1"}, "exports nothing"),
        ({"index.mjs": "export const main = async () => {}"}, "exports no 'handler'"),
        ({"index.mjs": "export default async function handler() {}"}, "exports no 'handler'"),
        ({"index.mjs": "exports.handler = async () => {}"}, "exports as CommonJS"),
        ({"index.js": "exports.handler = 1", "package.json": ESM_MODULE.decode()}, "exports as CommonJS"),
    ],
)
def test_a_node_handler_that_is_not_there_is_a_fault(files: dict[str, str], sentence: str) -> None:
    (fault,) = faults({name: text.encode() for name, text in files.items()}, NODE)
    assert sentence in fault


def test_an_older_node_takes_no_es_module_by_its_syntax() -> None:
    (fault,) = faults({"index.js": b"export const handler = 1"}, replace(NODE, runtime="nodejs20.x"))
    assert '"type": "module"' in fault


@pytest.mark.parametrize(("handler", "fine"), [("src/app.handler", True), ("./src/app.handler", True), ("src", False)])
def test_a_node_handler_names_a_file_in_a_folder(handler: str, fine: bool) -> None:  # noqa: FBT001
    found = faults({"src/app.js": b"exports.handler = 1"}, replace(NODE, handler=handler))
    assert (found == []) is fine


@pytest.mark.parametrize(
    ("files", "architecture", "sentence"),
    [
        ({"bootstrap": X86}, "x86_64", None),
        ({"bootstrap": ARM}, "arm64", None),
        ({"bootstrap": b"#!/bin/sh\nexec x"}, "arm64", None),
        ({"bootstrap": X86}, "arm64", "a program for x86_64 on Linux, and the function runs on arm64"),
        ({"bootstrap": ARM}, "x86_64", "a program for arm64"),
        ({"bootstrap": b"\xcf\xfa\xed\xfe" + bytes(60)}, "arm64", "a program for macOS"),
        ({"bootstrap": b"MZ" + bytes(60)}, "x86_64", "a program for Windows"),
        ({"bootstrap": b"#!/bin/sh\r\nexec x\r\n"}, "x86_64", "ends as on Windows"),
        ({"bootstrap": b"echo"}, "x86_64", "neither a Linux program nor a script"),
        ({"bin/bootstrap": X86}, "x86_64", "there is bin/bootstrap"),
        ({"main": X86}, "x86_64", "no file 'bootstrap' at its root"),
    ],
)
def test_an_os_only_runtime_starts_its_bootstrap(
    files: dict[str, bytes], architecture: str, sentence: str | None
) -> None:
    found = faults(files, replace(PROVIDED, architecture=architecture))
    assert len(found) == (sentence is not None)
    assert sentence is None or sentence in found[0]


@pytest.mark.parametrize(("executable", "number"), [(True, 0), (False, 1), (None, 0)])
def test_a_bootstrap_is_executable_unless_the_archive_does_not_say(*, executable: bool | None, number: int) -> None:
    assert len(faults({"bootstrap": X86}, PROVIDED, executable=executable)) == number


def test_a_layer_may_bring_the_handler() -> None:
    for wanted in (NODE, PROVIDED, PYTHON, Wanted(runtime="java21", handler="a.B")):
        assert faults({"x": b""}, wanted) != []
        assert faults({"x": b""}, replace(wanted, layers=True)) == []


@pytest.mark.parametrize(
    ("names", "architecture", "sentence"),
    [
        ({"x/_c.cpython-313-x86_64-linux-gnu.so": X86}, "x86_64", None),
        ({"x/_c.abi3.so": X86}, "x86_64", None),
        ({"x/_c.cpython-312-x86_64-linux-gnu.so": X86, "x/_c.cpython-313-x86_64-linux-gnu.so": X86}, "x86_64", None),
        ({"x/_c.cpython-311-x86_64-linux-gnu.so": X86, "x/_c.py": b""}, "x86_64", None),
        ({"x/_c.cpython-311-x86_64-linux-gnu.so": X86}, "x86_64", "is for Python 3.11; python3.13 on x86_64 cannot"),
        ({"x/_c.cpython-313-x86_64-linux-gnu.so": X86}, "arm64", "is for x86_64 on Linux; python3.13 on arm64"),
        ({"x/_c.cpython-313-darwin.so": b"\xcf\xfa\xed\xfe" + bytes(60)}, "arm64", "is for macOS"),
        ({"x/_c.cp313-win_amd64.pyd": b"MZ" + bytes(60)}, "x86_64", "is for Windows"),
        ({"x/_c.cpython-313-x86_64-linux-musl.so": X86}, "x86_64", "musl"),
        ({"x/_c.cpython-313t-x86_64-linux-gnu.so": X86}, "x86_64", "global lock"),
        ({"x/_c.abi3.so": ARM}, "x86_64", "is for arm64 on Linux"),
    ],
)
def test_extension_modules_fit_the_python_and_the_machine(
    names: dict[str, bytes], architecture: str, sentence: str | None
) -> None:
    found = faults({**APP, **names}, replace(PYTHON, architecture=architecture))
    assert len(found) == (sentence is not None)
    assert sentence is None or sentence in found[0]


def test_many_modules_that_do_not_fit_are_told_in_few_lines() -> None:
    names = {f"x/_{number}.cpython-310-x86_64-linux-gnu.so": X86 for number in range(40)}
    found = faults({**APP, **names}, PYTHON)
    assert len(found) == 4
    assert "37 more modules" in found[-1]


@pytest.mark.parametrize(
    ("files", "number"),
    [
        ({"node_modules/x/build/x.node": X86}, 1),
        ({"p/linux-arm64/x.node": ARM, "p/linux-x64/x.node": X86}, 0),
        ({"lib/libz.so.1": X86}, 1),
        ({"lib/libz.so.1": ARM}, 0),
        ({"lib/notes.so": b"text"}, 0),
    ],
)
def test_libraries_for_another_machine_are_a_warning(files: dict[str, bytes], number: int) -> None:
    found = judged({"index.js": b"exports.handler = 1", **files}, replace(NODE, architecture="arm64"))
    assert found.faults == ()
    assert len(found.warnings) == number


@pytest.mark.parametrize(
    ("files", "handler", "sentence"),
    [
        ({"app.rb": "def handler(event:, context:)\nend"}, "app.handler", None),
        ({"app.rb": "module M\nclass A\ndef self.run(**)\nend\nend\nend"}, "app.M::A.run", None),
        ({"app.rb": "require_relative 'other'"}, "app.handler", None),
        ({"app.rb": "def main\nend"}, "app.handler", "app.rb has no 'handler'"),
        ({"lib/app.rb": ""}, "app.handler", "there is lib/app.rb"),
        ({"app.rb": ""}, "app", "not of the form"),
    ],
)
def test_a_ruby_handler_is_found_or_a_fault(files: dict[str, str], handler: str, sentence: str | None) -> None:
    found = faults({name: text.encode() for name, text in files.items()}, Wanted(runtime="ruby3.4", handler=handler))
    assert len(found) == (sentence is not None)
    assert sentence is None or sentence in found[0]


@pytest.mark.parametrize(
    ("files", "handler", "sentence"),
    [
        ({"Shop.dll": b"MZ\0Function\0Handle\0"}, "Shop::Shop.Function::Handle", None),
        ({"Shop.dll": b"MZ"}, "Shop", None),
        ({"Shop.dll": b"MZ\0Function\0"}, "Shop::Shop.Function::Handle", "Shop.dll has no 'Handle'"),
        ({"publish/Shop.dll": b"MZ"}, "Shop", "there is publish/Shop.dll"),
        ({"Shop.dll": b"MZ"}, "Shop::Handle", "not of the form"),
    ],
)
def test_a_dotnet_handler_is_found_or_a_fault(files: dict[str, bytes], handler: str, sentence: str | None) -> None:
    found = faults(files, Wanted(runtime="dotnet8", handler=handler))
    assert len(found) == (sentence is not None)
    assert sentence is None or sentence in found[0]


SOURCES = {
    "shop/Base.java": "package shop; public class Base { public String inherited(String s) { return s; } }",
    "shop/Handler.java": "package shop; public class Handler extends Base { public long x = 1L; public double d = 2.0;"
    " public String handle(String s) { Runnable r = () -> System.out.println(s); r.run(); return s + x; } }",
    "shop/Plain.java": "package shop; public class Plain implements Runnable { public void run() {} }",
}


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    javac = shutil.which("javac")
    if javac is None:
        pytest.skip("there is no javac")
    folder = tmp_path_factory.mktemp("java")
    for name, text in SOURCES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run([javac, "--release", "17", *SOURCES], cwd=folder, check=True)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.class")}


def jar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("handler", "runtime", "sentence"),
    [
        ("shop.Handler::handle", "java17", None),
        ("shop.Handler::inherited", "java21", None),
        ("shop.Handler::handel", "java17", "the class has no method 'handel'"),
        ("shop.Handler", "java17", "the class has no method 'handleRequest'; name the method"),
        ("shop.Handler::handle", "java11", "compiled for Java 17, and the runtime has 11"),
        ("shop.Plain::anything", "java17", None),  # an interface of Java itself may bring it
        ("Handler::handle", "java17", "there is shop/Handler.class"),
        ("shop.Other::handle", "java17", "holds no shop/Other.class"),
        ("shop.Handler:handle", "java17", "not of the form"),
    ],
)
@pytest.mark.parametrize("where", ["root", "lib"])
def test_a_java_handler_is_found_or_a_fault(
    classes: dict[str, bytes], where: str, handler: str, runtime: str, sentence: str | None
) -> None:
    files = classes if where == "root" else {"lib/shop.jar": jar(classes)}
    found = faults(files, Wanted(runtime=runtime, handler=handler))
    assert len(found) == (sentence is not None)
    if sentence is not None and not (where == "lib" and "there is" in sentence):
        assert sentence in found[0]


def test_a_jar_beside_lib_is_not_where_lambda_looks(classes: dict[str, bytes]) -> None:
    (fault,) = faults({"shop.jar": jar(classes)}, Wanted(runtime="java17", handler="shop.Handler::handle"))
    assert "shop.jar is not under lib/" in fault


def test_a_class_file_that_is_none_is_a_fault() -> None:
    (fault,) = faults({"a/B.class": b"\xca\xfe\xba\xbe\0"}, Wanted(runtime="java17", handler="a.B"))
    assert "is not a class file" in fault


def test_the_output_of_maven_is_shown_when_the_handler_is_below_it(classes: dict[str, bytes], tmp_path: Path) -> None:
    del tmp_path
    files = {f"target/classes/{name}": data for name, data in classes.items()}
    (fault,) = faults(files, Wanted(runtime="java17", handler="shop.Handler::handle"))
    assert "there is target/classes/shop/Handler.class" in fault
