"""Where compiled kernels are kept: beside the stored solutions, apart for each processor and version."""

from __future__ import annotations

import hashlib
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from regspec.layout import Layout
from regspec.model.fingerprint import kernel_fingerprint


def cache_folder(layout: Layout) -> Path:
    """Kernel cache of these sources on this kind of processor, with this numba and this Python."""
    parts = (kernel_fingerprint(), version("numba"), version("llvmlite"), sys.version, _processor())
    return layout.store / "numba" / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _processor() -> str:
    """Model and instruction sets of the processor: compiled code is not portable between them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    wanted: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "flags", "Features"):
            wanted.setdefault(name.strip(), value.strip())
    return f"{platform.machine()} {sorted(wanted.items())}"
