"""Running the real workflow in a folder of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from repository import ROOT


@dataclass(frozen=True)
class Run:
    """Outcome of one Snakemake call: exit code, everything it printed."""

    code: int
    text: str

    def jobs(self, rule: str) -> int:
        """Number of finished jobs of a rule."""
        if rule == "solve":
            counts = [line.split()[1] for line in self.text.splitlines() if " solves done" in line]
            return int(counts[-1]) if counts else 0
        return self.text.count(f"regspec: {rule} done")

    def plan(self) -> dict[str, int]:
        """Jobs by rule that a dry run announces."""
        lines = self.text.splitlines()
        if "Job stats:" not in lines:
            return {}
        start = lines.index("Job stats:") + 3
        end = next(i for i in range(start, len(lines)) if not lines[i].strip())
        return {name: int(count) for name, count in (line.split() for line in lines[start:end])}

    def errors(self) -> list[str]:
        """What regspec itself printed before any job started."""
        lines = self.text.splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("regspec: "))
        return lines[start:]


class Workflow:
    """Snakemake with the local profile, in ``folder``, with the kernel cache that the whole session shares."""

    def __init__(self, folder: Path, project: Path = ROOT):
        self.folder, self.project = folder, project
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, config: Path | None, *arguments: str, **variables: str) -> Run:
        """``variables``: of the environment; the package is that of the project's folder."""
        environment = {k: v for k, v in os.environ.items() if k != "REGSPEC_DATA"} | variables
        if self.project != ROOT:
            environment["PYTHONPATH"] = str(self.project / "src")
        chosen = ["--configfile", config] if config else []
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            self.project / "Snakefile",
            "--directory",
            self.folder,
            "--profile",
            self.project / "profiles" / "local",
            "--cores",
            "2",
            *chosen,
            *arguments,
        ]
        done = subprocess.run(
            list(map(str, command)), env=environment, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return Run(done.returncode, done.stdout)

    def explained(self, config: Path, *arguments: str) -> tuple[dict[str, int], str]:
        """Jobs of a dry run by rule, and why they would run, as `regspec explain` says it."""
        output = self.folder / "plan.txt"
        run = self(config, "--dry-run", *arguments, REGSPEC_EXPLAIN=str(output))
        assert run.code == 0, run.text
        plan = {rule: count for rule, count in run.plan().items() if rule not in ("all", "model", "total")}
        return plan, output.read_text(encoding="utf-8")

    def snapshot(self, under: str = "results") -> dict[str, tuple[bytes, int]]:
        """Bytes and time of modification of every file below a folder."""
        files = sorted(p for p in (self.folder / under).rglob("*") if p.is_file())
        return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in files}
