"use strict";
// Small line and bar charts as SVG. No library: the page must stay light and work offline.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
const DASHES = { ce: "", market: "", planner: "5 3" };
const text = value => String(value).replace(/[&<>"]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

function shown(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  const plain = size > 0 && (size < 5e-4 || size >= 1e6) ? value.toExponential(1) : Number(value.toFixed(size < 100 ? digits : 0));
  return String(plain).replace("-", "\u2212");
}

// About `count` round values that cover [low, high].
function ticks(low, high, count) {
  const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(m => m * power).find(s => s >= rough * (1 - 1e-9));
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) found.push(n * step);
  return found;
}

// A figure element: lines of `series` [{name, values, colour, dash}] over `x`.
function lineChart({ title, unit, x, series, xLabel = "" }) {
  const W = 320, H = 180, left = 44, right = 16, top = 8, bottom = xLabel ? 34 : 22;
  const all = series.flatMap(s => s.values).filter(v => v !== null);
  let low = Math.min(...all), high = Math.max(...all);
  const least = 0.004 * Math.max(Math.abs(low), Math.abs(high)) || 1;
  if (high - low < least) { low -= least; high += least; }
  const pad = 0.05 * (high - low);
  low -= pad; high += pad;
  const px = v => left + (v - x[0]) / (x[x.length - 1] - x[0] || 1) * (W - left - right);
  const py = v => top + (high - v) / (high - low) * (H - top - bottom);
  const yTicks = ticks(low, high, 4), digits = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(yTicks[1] - yTicks[0] || 1))));
  const grid = yTicks.map(v => `<line x1="${left}" x2="${W - right}" y1="${py(v)}" y2="${py(v)}" stroke="${Math.abs(v) < 1e-12 ? "#777" : "#e3e6e9"}"/>` +
    `<text x="${left - 5}" y="${py(v) + 4}" text-anchor="end">${shown(v, digits)}</text>`).join("");
  const marks = ticks(x[0], x[x.length - 1], 5).map(v => `<line x1="${px(v)}" x2="${px(v)}" y1="${H - bottom}" y2="${H - bottom + 4}" stroke="#777"/>` +
    `<text x="${px(v)}" y="${H - bottom + 15}" text-anchor="middle">${v}</text>`).join("");
  const lines = series.map(s => `<polyline fill="none" stroke="${s.colour}" stroke-width="1.6" stroke-dasharray="${s.dash || ""}" points="${
    s.values.map((v, n) => v === null ? "" : `${px(x[n]).toFixed(1)},${py(v).toFixed(1)}`).join(" ")}"/>`).join("");
  const figure = document.createElement("figure");
  figure.className = "panel";
  const ends = series.map(s => `${s.name}: ${shown(s.values[0])} to ${shown(s.values[s.values.length - 1])}`).join("; ");
  figure.innerHTML = `<figcaption><b>${text(title)}</b> (${text(unit)})</figcaption>` +
    `<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${text(`${title}, ${unit}. ${ends}`)}">${grid}${marks}` +
    `<line x1="${left}" x2="${W - right}" y1="${H - bottom}" y2="${H - bottom}" stroke="#777"/>${lines}` +
    (xLabel ? `<text x="${(left + W - right) / 2}" y="${H - 3}" text-anchor="middle">${text(xLabel)}</text>` : "") +
    `<line class="cursor" y1="${top}" y2="${H - bottom}" stroke="#000" stroke-width=".6" visibility="hidden"/></svg><div class="readout"></div>`;
  const svg = figure.querySelector("svg"), cursor = figure.querySelector(".cursor"), readout = figure.querySelector(".readout");
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * W;
    const n = x.reduce((best, v, i) => Math.abs(px(v) - at) < Math.abs(px(x[best]) - at) ? i : best, 0);
    cursor.setAttribute("x1", px(x[n])); cursor.setAttribute("x2", px(x[n])); cursor.setAttribute("visibility", "visible");
    readout.textContent = `${x[n]}: ` + series.map(s => `${s.name} ${shown(s.values[n])}`).join(", ");
  });
  svg.addEventListener("pointerleave", () => { cursor.setAttribute("visibility", "hidden"); readout.textContent = ""; });
  return figure;
}

// Horizontal bars of two years, with the nation as a tick: rows [{name, values: [first, last], nation: [first, last]}].
function barChart(rows, years) {
  const W = 440, line = 22, left = 166, right = 14, H = rows.length * line + 24;
  const most = Math.max(...rows.flatMap(r => [...r.values, ...r.nation]).filter(v => v !== null), 1);
  const px = v => left + v / most * (W - left - right);
  const bars = rows.map((r, n) => {
    const y = 4 + n * line;
    const own = r.values.map((v, k) => v === null ? "" : `<rect x="${left}" y="${y + k * 9}" width="${px(v) - left}" height="8" fill="${COLOURS[k ? 5 : 0]}"/>` +
      `<line x1="${px(r.nation[k])}" x2="${px(r.nation[k])}" y1="${y + k * 9 - 0.5}" y2="${y + k * 9 + 8.5}" stroke="#000" stroke-width="2"/>`).join("");
    return `<text x="${left - 6}" y="${y + 12}" text-anchor="end">${text(r.name)}</text>${own}`;
  }).join("");
  const marks = ticks(0, most, 5).map(v => `<text x="${px(v)}" y="${H - 4}" text-anchor="middle">${shown(v, 1)}</text>` +
    `<line x1="${px(v)}" x2="${px(v)}" y1="0" y2="${H - 18}" stroke="#e3e6e9"/>`).join("");
  const said = rows.map(r => `${r.name} ${r.values.map(v => shown(v, 1)).join(" to ")}`).join(", ");
  return `<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${text(`Shares in percent, ${years.join(" and ")}: ${said}`)}">${marks}${bars}</svg>`;
}
