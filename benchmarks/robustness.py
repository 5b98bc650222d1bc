"""Random parameters and shares: how many zones are solved, how many end with an error and which one.

    python benchmarks/robustness.py [--draws 100] [--seed 1] [--workers 2]

Draws theta in [.30, .55], chi in [.03, .08], the scale of xi in [.5, 1.5], gamma in {2, 5} and base-year shares (Dirichlet;
every fifth draw a permutation of .90, .05, .05) for the national processes of the default configuration, and solves market
and planner on the default grid. Writes results/bench/robustness.csv, one row per draw, and prints counts. A draw may be
solved or end with a ModelFailure; anything else is a fault of the program and ends the benchmark.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.calibration.records import NationalProcesses, ZoneCalibration, read_national
from regspec.config.config import Config
from regspec.io.provenance import atomic_path
from regspec.solves.settings import solve_settings
from regspec.workflow import steps

FOLDER = Path("results/bench")


def draws(count: int, seed: int) -> list[dict]:
    """Parameters and shares of each draw."""
    rng, found = np.random.default_rng(seed), []
    for number in range(count):
        shares = rng.dirichlet(np.ones(3)) if number % 5 else rng.permutation([0.9, 0.05, 0.05])
        shares = np.maximum(shares, 0.02)
        found.append(
            {
                "draw": number,
                "theta": rng.uniform(0.30, 0.55),
                "chi": rng.uniform(0.03, 0.08),
                "xi_scale": rng.uniform(0.5, 1.5),
                "gamma": float(rng.choice([2.0, 5.0])),
                "shares": (shares / shares.sum()).tolist(),
            }
        )
    return found


def calibration() -> NationalProcesses:
    """National processes of the default configuration, made anew under results/bench."""
    options = [f"run.directory={FOLDER}", "run.name=robustness", "model.zones={sample: 1}"]
    for step in (steps.data, steps.empirics, steps.calibrate):
        step("config/config.yaml", options)
    return read_national(FOLDER / "robustness")


def solve(draw: dict, national: NationalProcesses) -> dict:
    """One row of the table: how the draw ended, with accuracy where it was solved."""
    from regspec.errors import ModelFailure
    from regspec.solves.zone import solve_zone

    parameters = {name: draw[name] for name in ("theta", "chi", "xi_scale", "gamma")}
    config = Config.model_validate({"model": {"parameters": parameters}, "scenarios": {"baseline": {}}})
    zone = ZoneCalibration(draw["draw"], national.industries, np.array(draw["shares"]), level=1.0, gini_data=np.nan)
    row = {**draw, "shares": " ".join(f"{share:.3f}" for share in draw["shares"])}
    try:
        solution = solve_zone(zone, national, solve_settings(config, "baseline"))
    except ModelFailure as failure:
        text = str(failure)
        return {**row, "outcome": failure.kind, "allocation": "planner" if ", planner" in text else "market", "message": text}
    row |= {"outcome": "solved", "allocation": "", "message": "", "welfare_gain": solution.welfare_gain}
    for name, allocation in (("market", solution.ce), ("planner", solution.planner)):
        d = allocation.diagnostics
        row |= {
            f"{name}_{key}": d[key]
            for key in (
                "euler_bonds_mean_log10",
                "euler_portfolio_mean_log10",
                "residual_max",
                "amplification_max",
                "unreachable_states",
                "rescued_states",
            )
        }
    if not np.all(np.isfinite([value for value in row.values() if isinstance(value, float)])):
        raise ArithmeticError(f"draw {draw['draw']}: solved, but not finite: {row}")
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    national, rows = calibration(), []
    steps.precompile("config/config.yaml", [f"run.directory={FOLDER}"])
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(solve, draw, national) for draw in draws(options.draws, options.seed)]
        for done in as_completed(waiting):
            rows.append(done.result())
            print(f"{len(rows)} of {options.draws}: draw {rows[-1]['draw']} {rows[-1]['outcome']}", flush=True)
    table = pd.DataFrame(rows).sort_values("draw")
    with atomic_path(FOLDER / "robustness.csv") as path:
        table.to_csv(path, index=False)
    for (outcome, allocation), count in sorted(Counter(zip(table["outcome"], table["allocation"], strict=True)).items()):
        print(f"{count:4d}  {outcome} {allocation}")


if __name__ == "__main__":
    main()
