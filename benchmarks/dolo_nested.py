"""The nested case of rivals.py by dolo's time iteration, run by a Python that has dolo: JSON on standard input and output.

python3 -m venv /tmp/dolo && /tmp/dolo/bin/pip install dolo==0.4.9.20
make bench BENCH="--dolo /tmp/dolo/bin/python"
"""

import json
import sys
import tempfile
import time
from importlib.metadata import version

import numpy as np

MODEL = """\
name: nested case
symbols: {{exogenous: [u], states: [b], controls: [bp], parameters: [beta, gamma, R, debt]}}
definitions: |
    c[t] = exp(u[t]) + b[t] - bp[t]/R
equations:
  arbitrage: |
    1 - beta*R*(c[t+1]/c[t])^(-gamma)   ⟂ -R*debt <= bp[t] <= {top}
  transition: |
    b[t] = bp[t-1]
calibration: {{beta: {beta}, gamma: {gamma}, R: {R}, debt: {debt}, u: 0.0, b: -R*debt, bp: -R*debt}}
domain:
  b: [{low}, {top}]
exogenous: !MarkovChain
  values: {values}
  transitions: {transition}
options:
  grid: !Cartesian
    orders: [{points}]
"""


def main() -> None:
    request = json.loads(sys.stdin.read())
    low = -request["R"] * request["debt"]
    from dolo import time_iteration, yaml_import

    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(MODEL.format(**{**request, "low": low, "values": [[v] for v in request["values"]]}))
        file.flush()
        model = yaml_import(file.name)
    # the first iterations compile; the default initial guess is the limit everywhere
    time_iteration(model, verbose=False, maxit=3, interp_method="linear")
    began = time.perf_counter()
    result = time_iteration(model, verbose=False, tol=request["tolerance"], interp_method="linear")
    seconds = time.perf_counter() - began
    bonds = np.linspace(low, request["top"], request["points"])
    chosen = [result.dr(e, bonds[:, None]).ravel().tolist() for e in range(len(request["values"]))]
    answer = {
        "seconds": seconds,
        "iterations": int(result.iterations),
        "converged": bool(result.x_converged),
        "version": version("dolo"),
        "bonds": bonds.tolist(),
        "b_next": chosen,
    }
    print("\n" + json.dumps(answer))


if __name__ == "__main__":
    main()
