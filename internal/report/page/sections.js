// Everything between the headline and the table of tasks.

const toTasks = () => byID("tasks").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });

function drawOutcomes() {
  const counts = outcomes.map(() => 0);
  for (let i = 0; i < rows; i++) counts[task.outcome[i]]++;
  document.querySelectorAll("#outcomes .stack i").forEach((part, at) => {
    part.style.setProperty("flex-grow", counts[at]);
    part.hidden = counts[at] === 0;
  });
  for (const button of document.querySelectorAll("#outcomes button")) {
    const key = button.dataset.outcome;
    button.disabled = counts[outcomes.findIndex((outcome) => outcome.key === key)] === 0;
    button.addEventListener("click", () => {
      setFilter({ outcome: filter.outcome === key ? "" : key });
      toTasks();
    });
  }
  onFilter(() => {
    for (const button of document.querySelectorAll("#outcomes button")) {
      button.setAttribute("aria-pressed", String(button.dataset.outcome === filter.outcome));
    }
  });
}

const figure = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

function drawLatency() {
  const { latency: q, bars } = data;
  if (q.count === 0) {
    byID("latency").append(el("p", { class: "empty" }, "No task made an attempt."));
    return;
  }
  byID("quantiles").append(figure("p50", duration(q.p50)), figure("p90", duration(q.p90)), figure("p99", duration(q.p99)), figure("longest", duration(q.max)));
  // Ten bars a decade: the place of a duration is its logarithm.
  const first = 10 * Math.log10(Math.max(1, bars[0][0]));
  const at = (micros) => Math.min(bars.length, Math.max(0, 10 * Math.log10(Math.max(1, micros)) - first));
  const ticks = [];
  for (let decade = Math.ceil(first / 10 - 0.01); decade * 10 <= first + bars.length + 0.1; decade++) {
    ticks.push({ at: decade * 10 - first, text: duration(10 ** decade) });
  }
  if (ticks.length < 2) {
    ticks.splice(0, ticks.length, { at: 0, text: duration(bars[0][0]) }, { at: bars.length, text: duration(bars.at(-1)[1]) });
  }
  const marks = [["p50", q.p50], ["p90", q.p90], ["p99", q.p99]].map(([text, value]) => ({ at: at(value), text }));
  const chart = barChart(byID("latency"), {
    label: `Latency of ${plural(q.count, "task")}: median ${duration(q.p50)}, 90th percentile ${duration(q.p90)}, 99th percentile ${duration(q.p99)}, longest ${duration(q.max)}. Arrow keys read the bars, Enter filters the tasks.`,
    bars: bars.map(([from, to, n]) => ({ parts: [{ kind: "plain", value: n }], lines: [`${duration(from)} to ${duration(to)}`, plural(n, "task")] })),
    ticks, marks,
    choose: (from, to) => setFilter({ latency: from === null ? null : [bars[from][0], bars[to][1]] }),
  });
  onFilter(() => chart.select(filter.latency && [bars.findIndex((bar) => bar[0] === filter.latency[0]), bars.findIndex((bar) => bar[1] === filter.latency[1])]));
}

function drawThroughput() {
  const { buckets, width } = data;
  if (buckets.length === 0) {
    byID("throughput").append(el("p", { class: "empty" }, "No record tells the time."));
    return;
  }
  const perSecond = (n) => `${digits(n / (width / 1e6))}/s`;
  const peak = Math.max(...buckets.map(([ok, bad]) => ok + bad));
  const ended = buckets.reduce((sum, [ok, bad]) => sum + ok + bad, 0);
  const sum = buckets.reduce((total, bucket) => total + bucket[2], 0);
  byID("throughput-hint").textContent = `Tasks that ended in each ${duration(width)}. Drag over a stretch to see its tasks.`;
  const seconds = Math.max(data.elapsed, width) / 1e6;
  byID("rates").append(figure("mean", `${digits(ended / seconds)}/s`), figure("peak", perSecond(peak)), figure("volume", `${bytes(Math.round(sum / seconds))}/s`), figure("elapsed", duration(data.elapsed)));
  // A tick each so many buckets that they are round and at most six.
  const every = [1, 2, 5, 10, 20, 50].find((n) => buckets.length / n <= 6) ?? buckets.length;
  const chart = barChart(byID("throughput"), {
    label: `Tasks over time: ${perSecond(peak)} at the peak, over ${duration(data.elapsed)}. Arrow keys read the bars, Enter filters the tasks.`,
    bars: buckets.map(([ok, bad, volume], at) => ({
      parts: [{ kind: "good", value: ok }, { kind: "bad", value: bad }],
      lines: [`${duration(at * width)} to ${duration((at + 1) * width)}`, `${count(ok)} ended well`, bad > 0 && `${count(bad)} did not`, bytes(volume)].filter(Boolean),
    })),
    ticks: Array.from({ length: Math.floor(buckets.length / every) + 1 }, (_, at) => ({ at: at * every, text: duration(at * every * width) })),
    marks: [],
    choose: (from, to) => setFilter({ time: from === null ? null : [from * width, (to + 1) * width] }),
  });
  onFilter(() => chart.select(filter.time && [filter.time[0] / width, filter.time[1] / width - 1]));
}

function drawTime() {
  const total = phases.reduce((sum, phase) => sum + phase.total, 0);
  phaseBar(byID("time"), data.phases.map((phase) => phase.total), total);
  byID("legend").append(...phases.map((phase) =>
    el("li", {}, el("i", { class: `swatch phase-${phase.key}${phase.wait ? " wait" : ""}` }), el("span", {}, phase.name),
      el("b", {}, share(phase.total / total)), el("small", {}, duration(phase.total)))));
}

const originColumns = [
  { key: "name", name: "Origin", of: (o) => o.name },
  { key: "tasks", name: "Tasks", of: (o) => o.tasks, show: (o) => count(o.tasks) },
  { key: "failed", name: "Failed", of: (o) => o.failed, show: (o) => count(o.failed) },
  { key: "retries", name: "Retries", of: (o) => o.retries, show: (o) => count(o.retries) },
  { key: "bytes", name: "Bytes", of: (o) => o.bytes, show: (o) => bytes(o.bytes) },
  { key: "p50", name: "p50", of: (o) => o.latency.p50, show: (o) => (o.latency.count ? duration(o.latency.p50) : "–") },
  { key: "p90", name: "p90", of: (o) => o.latency.p90, show: (o) => (o.latency.count ? duration(o.latency.p90) : "–") },
  { key: "p99", name: "p99", of: (o) => o.latency.p99, show: (o) => (o.latency.count ? duration(o.latency.p99) : "–") },
];

function drawOrigins() {
  const order = data.origins.map((_, at) => at);
  let sort = "p90", down = true, limit = 10;
  const table = byID("origins-table");
  const button = byID("origins-more");

  const row = (at) => {
    const o = data.origins[at];
    const bar = el("div", { class: "bar", "aria-hidden": "true" });
    const total = o.phases.reduce((sum, part) => sum + part, 0);
    if (total > 0) phaseBar(bar, o.phases, total);
    return el("tr", {},
      el("th", { scope: "row" }, el("button", { type: "button", class: "link", title: `Show the tasks of ${o.name}`,
        on: { click: () => { setFilter({ origin: String(at) }); toTasks(); } } }, el("bdi", {}, o.name))),
      originColumns.slice(1).map((column) => el("td", { class: `n of-${column.key}${column.key === "failed" && o.failed > 0 ? " bad" : ""}`, "data-name": column.name }, column.show(o))),
      el("td", { class: "where" }, bar, el("small", {}, o.why ?? "")));
  };
  const draw = () => {
    const column = originColumns.find((candidate) => candidate.key === sort);
    const way = down ? -1 : 1;
    order.sort((a, b) => {
      const left = column.of(data.origins[a]), right = column.of(data.origins[b]);
      return left < right ? -way : left > right ? way : a - b;
    });
    table.replaceChildren(
      el("thead", {}, el("tr", {}, originColumns.map((c) =>
        el("th", { scope: "col", class: c.key === "name" ? null : "n", "aria-sort": c.key === sort ? (down ? "descending" : "ascending") : null },
          el("button", { type: "button", class: "sort", on: { click: () => {
            down = sort === c.key ? !down : c.key !== "name";
            sort = c.key;
            draw();
            table.querySelector("[aria-sort] button").focus();
          } } }, c.name))), el("th", { scope: "col", class: "where" }, "Where the time went"))),
      el("tbody", {}, order.slice(0, limit).map(row)));
    button.hidden = order.length <= limit;
    button.textContent = `Show ${count(Math.min(50, order.length - limit))} more of ${count(order.length)}`;
  };
  button.addEventListener("click", () => {
    limit += 50;
    draw();
  });
  draw();
}

// attemptTrail tells the attempts of a task in one line of chips and arrows.
function attemptTrail(i) {
  const retries = more(i).retries ?? [];
  const parts = retries.flatMap((retry) => [
    el("span", { class: "code bad" }, retry.result || "error"),
    el("span", { class: "pause" }, retry.wait > 0 ? `${duration(retry.wait)} ${retry.reason === "retry_after" ? "Retry-After" : retry.reason}` : "at once"),
  ]);
  parts.push(el("span", { class: `code ${good(i) ? "good" : "bad"}` }, errorOf(i) || result(i)));
  return el("p", { class: "trail", "aria-label": "Attempts" }, parts);
}

function drawFailures() {
  const groups = new Map();
  for (let i = 0; i < rows; i++) {
    if (good(i)) continue;
    const key = errorOf(i);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(i);
  }
  if (groups.size === 0) {
    document.querySelector('[data-needs="failures"]').remove();
    return;
  }
  byID("failures").hidden = false;
  const sorted = [...groups].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
  const most = sorted[0][1].length;
  byID("failure-groups").append(...sorted.map(([key, tasks], at) => {
    const list = el("ol", { class: "failed" });
    const group = el("details", { class: "group", name: null, open: at === 0 },
      el("summary", {}, el("span", { class: `code ${key === "unfinished" ? "stopped" : "bad"}` }, key),
        el("b", {}, plural(tasks.length, "task")),
        el("span", { class: "meter", "aria-hidden": "true" }, el("i", { style: { width: `${(100 * tasks.length) / most}%` } })),
        el("span", { class: "sample" }, el("bdi", {}, more(tasks[0]).message ?? ""))),
      list,
      tasks.length > 5 && el("p", { class: "more" }, el("button", { type: "button", on: { click: () => { setFilter({ status: key, outcome: "", query: "" }); toTasks(); } } }, `Show all ${count(tasks.length)} in the table`)));
    const fillList = () => {
      if (list.childElementCount > 0) return;
      list.append(...tasks.slice(0, 5).map((i) => el("li", {},
        el("button", { type: "button", class: "link", on: { click: () => openDetails(i, [...tasks]) } }, el("bdi", {}, label(i))),
        more(i).message && el("p", { class: "why" }, el("bdi", {}, more(i).message), ` · ${duration(task.duration[i])}`),
        more(i).retries && attemptTrail(i))));
    };
    if (at === 0) fillList();
    group.addEventListener("toggle", fillList);
    return group;
  }));
}
