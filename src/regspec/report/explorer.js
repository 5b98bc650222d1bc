"use strict";
(() => {
  const data = JSON.parse(document.getElementById("zone-data").textContent);
  const by = id => document.getElementById(id);
  const NS = "http://www.w3.org/2000/svg";
  const ids = Object.keys(data.zones).map(Number);
  const solved = zone => data.scenarios.filter(s => data.paths?.[s]?.ce?.[zone]);
  const NAMES = { ce: "market", planner: "planner" };
  let chosen = null;

  const sums = (steps, scale) => { let total = 0; return steps.map(step => (total += step) / scale); };
  const series = (zone, variable, scale) => {
    const wanted = by("zone-scenario").value, found = [];
    data.scenarios.forEach((scenario, n) => {
      if (wanted && scenario !== wanted) return;
      for (const kind of ["ce", "planner"]) {
        const steps = data.paths?.[scenario]?.[kind]?.[zone]?.[variable];
        if (steps) found.push({ name: `${scenario}, ${NAMES[kind]}`, values: sums(steps, scale), colour: COLOURS[n % 7], dash: DASHES[kind] });
      }
    });
    return found;
  };

  // ------------------------------------------------------------------------------------------------ map
  const map = document.createElementNS(NS, "svg"), outline = {};
  map.setAttribute("viewBox", `-4 -4 ${data.map.width + 8} ${data.map.height + 8}`);
  map.setAttribute("role", "img");
  map.innerHTML = `<defs><pattern id="hatch" width="14" height="14" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
    `<rect width="14" height="14" fill="#f2f2f2"/><line x1="0" x2="0" y1="0" y2="14" stroke="#9a9a9a" stroke-width="3"/></pattern></defs>`;
  for (const id of ids) {
    const path = outline[id] = document.createElementNS(NS, "path");
    path.setAttribute("d", data.map.zones[id]);
    path.setAttribute("class", "zone");
    path.appendChild(document.createElementNS(NS, "title"));
    path.addEventListener("click", () => { location.hash = `zone=${id}`; });
    map.appendChild(path);
  }
  const extra = ["states", "halo", "chosen"].map(name => {
    const path = document.createElementNS(NS, "path");
    path.setAttribute("class", name);
    return map.appendChild(path);
  });
  extra[0].setAttribute("d", data.map.states);
  const legend = document.createElement("ul"), heading = document.createElement("p");
  legend.className = "legend"; heading.className = "caption";
  const drawn = document.createElement("div");
  drawn.className = `drawn ${by("zone-map").dataset.mark || ""}`;
  drawn.append(map);
  by("zone-map").append(heading, drawn, legend);

  function paint() {
    const layer = data.layers[by("zone-layer").value], counts = layer.names.map(() => 0);
    for (const id of ids) {
      const entry = layer.zones[id];
      if (entry) counts[entry[0]]++;
      outline[id].setAttribute("fill", entry ? layer.colours[entry[0]] : "url(#hatch)");
      outline[id].firstChild.textContent = `${label(id)}: ${entry ? shown(entry[1]) : "no value"}`;
    }
    const n = Object.keys(layer.zones).length, box = fill => `<svg viewBox="0 0 20 12" aria-hidden="true"><rect width="20" height="12" fill="${fill}" stroke="#333"/></svg>`;
    heading.innerHTML = `<b>${text(layer.label)}.</b> N = ${n} of ${ids.length} zones.`;
    map.setAttribute("aria-label", `Map of zones: ${layer.label}. Choose a zone in the list above.`);
    legend.innerHTML = layer.names.map((name, k) => `<li>${box(layer.colours[k])}${text(name)} (${counts[k]})</li>`).join("") +
      (n < ids.length ? `<li>${box("url(#hatch)")}no value (${ids.length - n})</li>` : "");
  }

  // ------------------------------------------------------------------------------------------------ one zone
  const label = id => `zone ${id}` + (data.zones[id].state ? `, ${data.zones[id].state}` : "");
  const row = (name, cells) => `<tr><th scope="row">${text(name)}</th>${cells.map(c => `<td>${c}</td>`).join("")}</tr>`;
  const table = (caption, heads, rows) => `<div class="wide"><table class="numbers"><caption>${text(caption)}</caption>` +
    `<thead><tr>${heads.map(h => `<th scope="col">${text(h)}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;

  function card(zone) {
    const own = data.zones[zone], [first, last] = data.data.years, names = data.scenarios.filter(s => data.solutions?.[s]?.[zone]);
    let out = `<h3>Zone ${zone}${own.state ? `, ${text(own.state)}` : ""}</h3>`;
    if (own.counties) out += `<p class="notes">${text(own.counties)}</p>`;
    const facts = [row(`Log ${data.outcome}`, own.income.map(v => shown(v)))];
    const main = data.layers[0];
    facts.push(row(main.label, [shown(main.zones[zone]?.[1]), ""]));
    out += table("Data", ["", first, last], facts);
    if (!names.length) return out + `<p class="warning">The run did not solve this zone.</p>`;
    out += table("Model", ["", ...names], [
      row("Status", names.map(s => text(data.solutions[s][zone].status))),
      row("Base-year output", names.map(s => shown(data.solutions[s][zone].level))),
      row("Welfare gain of the planner, %", names.map(s => shown(data.solutions[s][zone].gain))),
    ]);
    for (const s of names) if (data.solutions[s][zone].status !== "solved") out += `<p class="warning">${text(s)}: ${text(data.solutions[s][zone].message)}</p>`;
    const parts = data.planner[zone];
    if (parts) out += table("Externalities behind the gain (step planner)", ["", "% of consumption"],
      ["Plan", "Part: agglomeration", "Part: prices"].map((name, k) => row(name, [shown(parts[k], 4)])));
    return out;
  }

  function group(title, figures, keys = []) {
    if (!figures.length) return;
    const head = document.createElement("h4"), box = document.createElement("div");
    head.textContent = title; box.className = "panels"; box.append(...figures);
    by("zone-charts").append(head);
    if (keys.length) {
      const list = document.createElement("ul");
      list.className = "legend";
      list.innerHTML = keys.map(k => `<li><svg viewBox="0 0 20 12" aria-hidden="true"><line x1="0" x2="20" y1="6" y2="6" stroke="${k.colour}" stroke-width="2.5" stroke-dasharray="${k.dash || ""}"/></svg>${text(k.name)}</li>`).join("");
      by("zone-charts").append(list);
    }
    by("zone-charts").append(box);
  }

  function shares(zone) {
    const years = data.data.years, own = data.data.zones[zone] || {};
    const rows = data.data.industries.map((name, n) => ({
      name, values: years.map(y => own[y] ? own[y][n] === null ? null : own[y][n] / 10 : null), nation: years.map(y => (data.data.nation[y]?.[n] ?? 0) / 10),
    })).sort((a, b) => (b.values[0] ?? 0) - (a.values[0] ?? 0));
    const figure = document.createElement("figure");
    figure.className = "panel"; figure.style.gridColumn = "1 / -1"; figure.style.maxWidth = "32rem";
    figure.innerHTML = `<figcaption>Percent of the zone's ${text(data.data.variable)}; dark: ${years[0]}, light: ${years[1]}; black mark: nation</figcaption>` + barChart(rows, years);
    return figure;
  }

  function charts(zone) {
    by("zone-charts").replaceChildren();
    group("Industry shares in the data", [shares(zone)]);
    if (!solved(zone).length) return;
    const chart = (title, unit, name, scale, factor = 1) => {
      const lines = series(zone, name, scale).map(s => ({ ...s, values: s.values.map(v => factor * v) }));
      return lines.length ? [lineChart({ title, unit, x: data.years, series: lines })] : [];
    };
    const entries = Object.entries(data.variables).filter(([name]) => name !== "tau_b");
    group("Path under realized national productivity", entries.flatMap(([name, [title, unit, scale]]) => chart(title, unit, name, scale)),
      series(zone, "Y", 1));
    group("Capital by industry", data.industries.flatMap(i => chart(i, "percent of capital", `k_${i}`, data.scales.k, 100)), series(zone, "Y", 1));
    const debt = data.variables.tau_b;
    group("Taxes that implement the plan", [
      ...data.industries.flatMap(i => chart(`Subsidy, ${i}`, "percent of capital income", `tau_k_${i}`, data.scales.tau_k, 100)),
      ...chart(debt[0], debt[1], "tau_b", debt[2], 100),
    ], series(zone, "tau_b", 1));
    responses(zone);
    diagnostics(zone);
  }

  function responses(zone) {
    const labels = { Y: ["Output", "percent"], c: ["Consumption", "percent"], q: ["Price of capital", "percent"], b: ["Bonds", "percent of output"],
      eta: ["Multiplier of the limit", "percent of marginal utility"], k: ["Capital of the industry hit", "percent"] };
    for (const [industry, cases] of Object.entries(data.responses[zone] || {})) {
      const names = Object.keys(cases), scenarios = [...new Set(names.map(n => n.slice(0, n.lastIndexOf(", "))))];
      const wanted = by("zone-scenario").value, style = name => {
        const cut = name.lastIndexOf(", ");
        return { name, colour: COLOURS[scenarios.indexOf(name.slice(0, cut)) % 7], dash: DASHES[name.slice(cut + 2)] };
      };
      const kept = names.filter(name => !wanted || name.startsWith(`${wanted}, `));
      group(`Response to an adverse shock to ${industry}`, Object.keys(labels).flatMap(variable => {
        const lines = kept.filter(name => cases[name][variable]).map(name => ({ ...style(name), values: cases[name][variable] }));
        return lines.length ? [lineChart({ title: labels[variable][0], unit: labels[variable][1], x: lines[0].values.map((_, n) => n), series: lines, xLabel: "years after the shock" })] : [];
      }), kept.map(style));
    }
  }

  function diagnostics(zone) {
    const columns = data.scenarios.flatMap(s => ["ce", "planner"].map(kind => [s, kind, data.solutions?.[s]?.[zone]?.[kind]])).filter(c => c[2]);
    const rows = data.diagnostics.map((name, n) => row(name, columns.map(c => shown(c[2][n]))));
    const box = document.createElement("div");
    box.innerHTML = table("Diagnostics", ["", ...columns.map(c => `${c[0]}, ${NAMES[c[1]]}`)], rows);
    const head = document.createElement("h4");
    head.textContent = "How well this zone was solved";
    by("zone-charts").append(head, box);
  }

  // ------------------------------------------------------------------------------------------------ choice
  function choose(zone) {
    if (!data.zones[zone]) return;
    chosen = zone;
    by("zone-select").value = zone;
    extra.slice(1).forEach(path => path.setAttribute("d", data.map.zones[zone]));
    by("zone-card").innerHTML = card(zone);
    charts(zone);
  }

  function list(filter) {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = id => { const own = `${id} ${data.zones[id].state} ${data.zones[id].counties}`.toLowerCase(); return words.every(w => own.includes(w)); };
    const found = ids.filter(fits).sort((a, b) => a - b), option = id => `<option value="${id}">${text(label(id))}</option>`;
    const groups = [["solved in this run", found.filter(id => solved(id).length)], ["data only", found.filter(id => !solved(id).length)]];
    by("zone-select").innerHTML = groups.filter(g => g[1].length).map(([name, own]) => `<optgroup label="${name} (${own.length})">${own.map(option).join("")}</optgroup>`).join("");
    if (chosen !== null && found.includes(chosen)) by("zone-select").value = chosen;
    return found;
  }

  const fromHash = () => { const found = /zone=(\d+)/.exec(location.hash); return found ? Number(found[1]) : null; };
  by("zone-layer").innerHTML = data.layers.map((layer, n) => `<option value="${n}">${text(layer.label)}</option>`).join("");
  by("zone-scenario").innerHTML = data.scenarios.map(s => `<option>${text(s)}</option>`).join("") + `<option value="">all</option>`;
  // Scenarios may differ by orders of magnitude (debt without a limit): one at a time is the readable start.
  by("zone-scenario").value = data.baseline;
  by("zone-layer").addEventListener("change", paint);
  by("zone-scenario").addEventListener("change", () => choose(chosen));
  by("zone-select").addEventListener("change", event => { location.hash = `zone=${event.target.value}`; });
  by("zone-search").addEventListener("input", event => {
    const found = list(event.target.value);
    if (event.target.value && found.length && !found.includes(chosen)) choose(Number(by("zone-select").value));
  });
  addEventListener("hashchange", () => { if (fromHash() !== null) choose(fromHash()); });
  by("explorer").hidden = false;
  const all = list("");
  paint();
  choose(data.zones[fromHash()] ? fromHash() : all.find(id => solved(id).length) ?? all[0]);
  if (fromHash() !== null) by("zones").scrollIntoView();
})();
