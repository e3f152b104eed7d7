"""What a program or library is made for, by the first bytes of its file."""

from __future__ import annotations

from dataclasses import dataclass

HEADER = 64
"""Bytes that have to be read of a file."""

_ELF = b"\x7fELF"
_MACHINES = {3: "32-bit x86", 40: "32-bit ARM", 62: "x86_64", 183: "arm64", 243: "RISC-V"}
_MACH_O = {b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"}
_LITTLE_ENDIAN = 1
_LEAST = 20


@dataclass(frozen=True, slots=True)
class Binary:
    """A compiled program or library.

    Attributes:
        system: Linux, macOS or Windows.
        machine: as Lambda names its architectures where it has one.
    """

    system: str
    machine: str

    def fits(self, architecture: str) -> bool:
        """Whether Lambda can run it on this architecture."""
        return self.system == "Linux" and self.machine == architecture

    def __str__(self) -> str:
        return f"{self.machine} on {self.system}" if self.machine else self.system


def binary(header: bytes) -> Binary | None:
    """What the first bytes of a file say; None when it is no binary of a known kind."""
    if header[:4] == _ELF and len(header) >= _LEAST:
        number = int.from_bytes(header[18:20], "little" if header[5] == _LITTLE_ENDIAN else "big")
        return Binary("Linux", _MACHINES.get(number, f"machine {number}"))
    if header[:4] in _MACH_O:
        return Binary("macOS", "")
    if header[:2] == b"MZ":
        return Binary("Windows", "")
    return None
