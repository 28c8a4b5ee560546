// The table of tasks. Only the rows in sight are in the document: a pool of row
// elements that is moved and filled again as the table scrolls.

const gridColumns = [
  { key: "seq", name: "#", n: true },
  { key: "result", name: "Result" },
  { key: "task", name: "Task" },
  { key: "tries", name: "Tries", n: true },
  { key: "bytes", name: "Size", n: true },
  { key: "duration", name: "Time", n: true },
  { key: "start", name: "Waterfall" },
];

// Browsers cut an element off at 17 to 33 million pixels. A longer table is
// scrolled by proportion instead of pixel by pixel.
const tallest = 12e6;
const printed = 300; // rows that go to paper

const grid = (() => {
  const box = byID("grid");
  const head = el("div", { role: "row", class: "row head", "aria-rowindex": 1 });
  const body = el("div", { role: "rowgroup", class: "body" });
  const pool = [];
  let rowHeight = 36;
  let current = -1; // index in shown of the row that the keyboard is on
  let scale = rows <= 200 ? "run" : "duration";
  let domain = [0, 1]; // microseconds that the waterfall's width stands for
  let frame = 0;

  const axis = el("span", { class: "scale", "aria-hidden": "true" });
  const headers = gridColumns.map((column) => el("div", { role: "columnheader", class: column.key },
    el("button", { type: "button", class: "sort", on: { click: () => sortBy(column.key) } }, column.name),
    column.key === "start" && axis));

  const sortBy = (key) => setFilter({ sort: key, down: filter.sort === key ? !filter.down : !["seq", "task", "start"].includes(key) });

  function newRow() {
    const cells = Object.fromEntries(gridColumns.map((column, at) =>
      [column.key, el("div", { role: "gridcell", class: column.key, "aria-colindex": at + 1 })]));
    const sign = el("span", { class: "sign", "aria-hidden": "true" });
    const code = el("span", { class: "codes" });
    cells.result.append(sign, code);
    const host = el("span", { class: "host" });
    const path = el("span", { class: "path" });
    const tail = el("span", { class: "tail" });
    cells.task.append(el("bdi", {}, host, path, tail));
    const parts = phases.map((phase) => el("i", { class: `phase-${phase.key}${phase.wait ? " wait" : ""}` }));
    const bar = el("div", { class: "bar", "aria-hidden": "true" }, parts);
    cells.start.append(bar);
    const node = el("div", { role: "row", class: "row" }, Object.values(cells));
    node.addEventListener("click", () => {
      move(Number(node.getAttribute("aria-rowindex")) - 2);
      openDetails(shown[current], shown);
    });
    body.append(node);
    return { node, cells, sign, code, host, path, tail, bar, parts, i: -1, at: -1, domain: null };
  }

  function fillRow(row, i) {
    row.i = i;
    const outcome = outcomes[task.outcome[i]];
    const { cells } = row;
    cells.seq.textContent = task.seq[i];
    cells.result.className = `result is-${outcome.key}`;
    row.sign.textContent = outcome.sign;
    row.code.textContent = (good(i) ? result(i) : errorOf(i)) || outcome.name;
    cells.result.setAttribute("aria-label", `${outcome.name} ${row.code.textContent}`);
    const path = below(i) ? task.urls[i] || "/" : label(i);
    // What is cut when the column is narrow is the middle: the end tells most.
    const cut = Math.max(0, path.length - 20, path.lastIndexOf("/"));
    row.host.textContent = below(i) ? origin(i).name.replace(/^https:\/\//, "") : "";
    row.path.textContent = path.slice(0, cut);
    row.tail.textContent = path.slice(cut);
    cells.task.title = label(i);
    cells.tries.textContent = task.attempts[i];
    cells.tries.classList.toggle("many", task.attempts[i] > 1);
    cells.bytes.textContent = task.bytes[i] < 0 ? "–" : bytes(task.bytes[i]);
    cells.duration.textContent = duration(task.duration[i]);
  }

  function fillBar(row) {
    const { i } = row;
    const [from, to] = domain;
    const width = Math.max(1, to - from);
    const known = scale === "duration" || task.start[i] >= 0;
    let at = scale === "duration" ? 0 : task.start[i] - from;
    row.bar.classList.toggle("cut", scale === "duration" && task.duration[i] > to);
    phases.forEach((phase, k) => {
      const part = phase.of[i];
      const style = row.parts[k].style;
      if (!known || part === 0 || at > width) {
        style.display = "none";
      } else {
        style.display = "";
        style.left = `${(100 * at) / width}%`;
        style.width = `max(1px, ${(100 * Math.min(part, width - at)) / width}%)`;
      }
      at += part;
    });
  }

  // runDomain and durationDomain are found when the filter changes, the domain
  // of what is in view on every draw.
  let runDomain = [0, 1], durationDomain = [0, 1];

  function measureDomains() {
    runDomain = span(0, shown.length);
    const lengths = Float64Array.from(shown, (i) => task.duration[i]).sort();
    // The longest few would make all others invisible; their bars are cut.
    const longest = lengths.at(-1) ?? 1;
    durationDomain = [0, lengths.length <= 40 ? longest : Math.min(longest, 1.5 * lengths[Math.floor(lengths.length * 0.9)])];
  }

  function span(first, end) {
    let from = Infinity, to = -Infinity;
    for (let at = first; at < end; at++) {
      const i = shown[at];
      if (task.start[i] < 0) continue;
      from = Math.min(from, task.start[i]);
      to = Math.max(to, task.start[i] + task.duration[i]);
    }
    return to < from ? [0, 1] : [from, to];
  }

  const bodyHeight = () => box.clientHeight - head.offsetHeight;
  const total = () => shown.length * rowHeight;

  // ratio is how many pixels of the whole table a pixel of scrolling stands for.
  function ratio() {
    const inSight = bodyHeight();
    return total() <= tallest ? 1 : (total() - inSight) / (tallest - inSight);
  }

  function draw() {
    frame = 0;
    const inSight = bodyHeight();
    const offset = box.scrollTop * ratio();
    const first = Math.max(0, Math.min(Math.floor(offset / rowHeight), shown.length - 1) - 4);
    const end = Math.min(shown.length, Math.ceil((offset + inSight) / rowHeight) + 4);
    domain = scale === "run" ? runDomain : scale === "duration" ? durationDomain : span(Math.floor(offset / rowHeight), Math.min(shown.length, Math.ceil((offset + inSight) / rowHeight)));
    axis.textContent = shown.length === 0 ? "" : `${duration(domain[0])} – ${duration(domain[1])}`;
    place(first, end, (at) => box.scrollTop + at * rowHeight - offset);
  }

  function place(first, end, top) {
    while (pool.length < end - first) pool.push(newRow());
    pool.forEach((row, k) => {
      // A row element keeps its task while that is in sight: rows are dealt out
      // by remainder, so that scrolling by one fills one.
      const at = first + ((((k - first) % pool.length) + pool.length) % pool.length);
      row.node.hidden = at >= end;
      if (at >= end) return;
      const i = shown[at];
      if (row.i !== i || row.domain !== domain) {
        if (row.i !== i) fillRow(row, i);
        fillBar(row);
        row.domain = domain;
      }
      if (row.at !== at) {
        row.at = at;
        row.node.id = `task-${at}`;
        row.node.setAttribute("aria-rowindex", at + 2);
      }
      row.node.style.transform = `translateY(${top(at)}px)`;
      row.node.classList.toggle("current", at === current);
      row.node.setAttribute("aria-selected", String(at === current));
    });
    if (current >= first && current < end) box.setAttribute("aria-activedescendant", `task-${current}`);
    else box.removeAttribute("aria-activedescendant");
  }

  const redraw = () => (frame ||= requestAnimationFrame(draw));

  // move puts the keyboard on a row and scrolls it into sight.
  function move(to) {
    if (shown.length === 0) return;
    current = Math.min(shown.length - 1, Math.max(0, to));
    const top = current * rowHeight;
    const offset = box.scrollTop * ratio();
    if (top < offset) box.scrollTop = top / ratio();
    else if (top + rowHeight > offset + bodyHeight()) box.scrollTop = (top + rowHeight - bodyHeight()) / ratio();
    draw();
  }

  function onKey(event) {
    if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(bodyHeight() / rowHeight) - 1);
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: shown.length - 1 }[event.key];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && current >= 0) openDetails(shown[current], shown);
    else return;
    event.preventDefault();
  }

  function onChange() {
    measureDomains();
    current = -1;
    box.scrollTop = 0;
    headers.forEach((header, at) => {
      const sorted = gridColumns[at].key === filter.sort;
      if (sorted) header.setAttribute("aria-sort", filter.down ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    });
    resize();
  }

  function resize() {
    rowHeight = parseFloat(getComputedStyle(box).getPropertyValue("--row")) || 36;
    body.style.height = `${Math.min(total(), tallest)}px`;
    // Few tasks need no tall box; a filter leaves its height as it is.
    box.style.maxHeight = `${rows * rowHeight + head.offsetHeight + 2}px`;
    box.setAttribute("aria-rowcount", shown.length + 1);
    box.classList.toggle("none", shown.length === 0);
    draw();
  }

  head.append(...headers);
  box.append(el("div", { role: "rowgroup", class: "heads" }, head), body);
  box.tabIndex = 0;
  box.setAttribute("role", "grid");
  box.setAttribute("aria-label", "Tasks");
  box.setAttribute("aria-colcount", gridColumns.length);
  box.addEventListener("scroll", redraw, { passive: true });
  box.addEventListener("keydown", onKey);
  box.addEventListener("focus", () => current < 0 && move(Math.floor((box.scrollTop * ratio()) / rowHeight)));
  new ResizeObserver(resize).observe(box);
  onFilter(onChange);

  addEventListener("beforeprint", () => {
    const end = Math.min(shown.length, printed);
    byID("print-note").textContent = shown.length > end ? `The first ${count(end)} of ${plural(shown.length, "task")}.` : "";
    domain = scale === "run" ? runDomain : scale === "duration" ? durationDomain : span(0, end);
    place(0, end, () => 0);
    for (const row of pool) row.node.style.order = row.at; // paper has the rows in this order, not placed by pixels
  });
  addEventListener("afterprint", resize);

  return {
    get scale() {
      return scale;
    },
    set scale(name) {
      scale = name;
      draw();
    },
    focus(i) {
      const at = shown.indexOf(i);
      if (at >= 0) move(at);
      box.focus({ preventScroll: true });
    },
  };
})();
