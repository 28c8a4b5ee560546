// Puts the page together and connects the controls.

function themeButton() {
  const button = byID("theme");
  const names = ["auto", "light", "dark"];
  let theme = "auto";
  const show = () => {
    document.documentElement.dataset.theme = theme;
    button.textContent = { auto: "◐ Auto", light: "○ Light", dark: "● Dark" }[theme];
    button.setAttribute("aria-label", `Colours: ${theme}. Change`);
  };
  button.addEventListener("click", () => {
    theme = names[(names.indexOf(theme) + 1) % names.length];
    show();
  });
  show();
  button.hidden = false;
}

const options = (first, list) => [el("option", { value: "" }, first), list.map(([value, text]) => el("option", { value }, text))];

function fillSelects() {
  const statuses = new Map(), errors = new Map(), by = outcomes.map(() => 0);
  const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
  for (let i = 0; i < rows; i++) {
    by[task.outcome[i]]++;
    if (task.status[i]) add(statuses, task.status[i]);
    const error = errorOf(i);
    if (error && !/^\d+$/.test(error)) add(errors, error);
  }
  const sorted = (map) => [...map].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([key, n]) => [key, `${key} (${count(n)})`]);
  byID("by-outcome").append(...options("Outcome", outcomes.map((o, at) => [o.key, `${o.name} (${count(by[at])})`]).filter((_, at) => by[at] > 0)).flat());
  const group = (name, list) => list.length > 0 && el("optgroup", { label: name }, list.map(([value, text]) => el("option", { value }, text)));
  byID("by-status").append(...[el("option", { value: "" }, "Status"), group("Status", sorted(statuses)), group("Error", sorted(errors))].filter(Boolean));
  byID("by-origin").append(...options("Origin", data.origins.map((o, at) => [at, `${o.name} (${count(o.tasks)})`]).sort((a, b) => (a[1] < b[1] ? -1 : 1))).flat());
}

function connectTools() {
  const query = byID("query");
  const search = debounce(() => setFilter({ query: query.value }), 120);
  query.addEventListener("input", search);
  byID("tools").addEventListener("submit", (event) => {
    event.preventDefault();
    setFilter({ query: query.value });
  });
  for (const key of ["outcome", "status", "origin"]) {
    byID(`by-${key}`).addEventListener("change", (event) => setFilter({ [key]: event.target.value }));
  }
  for (const radio of document.querySelectorAll('input[name="scale"]')) {
    radio.checked = radio.value === grid.scale;
    radio.addEventListener("change", () => (grid.scale = radio.value));
  }
  query.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && query.value === "") query.blur();
    if (event.key === "ArrowDown") {
      byID("grid").focus();
      event.preventDefault();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || details.open || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    byID("tasks").scrollIntoView();
    query.focus();
    query.select();
    event.preventDefault();
  });
}

// showFilter tells what the table shows, with a chip to take back each filter.
function showFilter() {
  const chip = (text, change) => el("button", { type: "button", class: "chip", "aria-label": `Remove filter: ${text}`, on: { click: () => setFilter(change) } }, el("bdi", {}, text), el("span", { "aria-hidden": "true" }, "✕"));
  const range = ([from, to]) => `${duration(from)} to ${duration(to)}`;
  const chips = [
    filter.query && chip(`“${filter.query}”`, { query: "" }),
    filter.outcome && chip(outcomes.find((o) => o.key === filter.outcome).name, { outcome: "" }),
    filter.status && chip(filter.status, { status: "" }),
    filter.origin !== "" && chip(data.origins[filter.origin].name, { origin: "" }),
    filter.latency && chip(`took ${range(filter.latency)}`, { latency: null }),
    filter.time && chip(`ended ${range(filter.time)}`, { time: null }),
  ].filter(Boolean);
  if (chips.length > 1) chips.push(el("button", { type: "button", class: "chip clear", on: { click: clearFilter } }, "Clear all"));
  byID("chips").replaceChildren(...chips);
  byID("shown").textContent = shown.length === rows ? plural(rows, "task") : `${count(shown.length)} of ${plural(rows, "task")}`;
  for (const key of ["outcome", "status", "origin"]) byID(`by-${key}`).value = filter[key];
  if (filter.query !== byID("query").value) byID("query").value = filter.query;
}

themeButton();
byID("rest").hidden = false;
drawOutcomes();
drawLatency();
drawThroughput();
drawTime();
drawOrigins();
drawFailures();
fillSelects();
connectTools();
onFilter(showFilter);
setFilter({});
document.documentElement.dataset.ready = Math.round(performance.now()); // milliseconds after the page was asked for
