// All that is known of one task, in a dialog. The arrow keys go on to its
// neighbours in the list that it was opened from.

const details = byID("details");
let listed = []; // the tasks to go through
let opened = -1; // index in listed

function openDetails(i, list) {
  listed = list;
  opened = list.indexOf(i);
  drawDetails();
  if (!details.open) details.showModal();
}

function step(by) {
  if (opened + by < 0 || opened + by >= listed.length) return;
  opened += by;
  drawDetails();
}

function drawDetails() {
  const i = listed[opened];
  const m = more(i);
  const outcome = outcomes[task.outcome[i]];
  const pressed = details.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
  details.replaceChildren(...[
    el("header", {},
      el("p", { class: `result is-${outcome.key}` }, el("span", { class: "sign", "aria-hidden": "true" }, outcome.sign), `${outcome.name}${result(i) ? ` · ${result(i)}` : ""}`),
      el("div", { class: "steps" },
        el("button", { type: "button", "aria-label": "Previous task", disabled: opened === 0, on: { click: () => step(-1) } }, "↑"),
        el("button", { type: "button", "aria-label": "Next task", disabled: opened === listed.length - 1, on: { click: () => step(1) } }, "↓"),
        el("button", { type: "button", "aria-label": "Close", on: { click: () => details.close() } }, "✕"))),
    el("h2", { id: "details-title", tabindex: -1, autofocus: true }, el("bdi", {}, label(i))),
    m.message && el("p", { class: "message" }, el("bdi", {}, m.message)),
    phaseTable(i), attempts(i), facts(i),
    m.stderr && el("section", {}, el("h3", {}, "End of stderr"), el("pre", { tabindex: 0 }, m.stderr)),
  ].filter(Boolean));
  // The focus stays on the button that was pressed; else it is on the heading,
  // where a key that is still down does nothing.
  const button = pressed && details.querySelector(`button[aria-label="${pressed}"]:not(:disabled)`);
  (button || byID("details-title")).focus();
}

function phaseTable(i) {
  const values = data.phases.map(() => 0);
  for (const phase of phases) values[phase.index] = phase.of[i];
  const total = values.reduce((sum, value) => sum + value, 0);
  if (total === 0) return null;
  const bar = el("div", { class: "bar big", "aria-hidden": "true" });
  phaseBar(bar, values, total);
  return el("section", {}, el("h3", {}, `Where its ${duration(task.duration[i])} went`), bar,
    el("ul", { class: "legend" }, phases.filter((phase) => phase.of[i] > 0).map((phase) =>
      el("li", {}, el("i", { class: `swatch phase-${phase.key}${phase.wait ? " wait" : ""}` }), el("span", {}, phase.name),
        el("b", {}, duration(phase.of[i])), el("small", {}, share(phase.of[i] / total))))));
}

function attempts(i) {
  const retries = more(i).retries;
  if (!retries) return null;
  const waited = (retry) => (retry.wait > 0 ? `then waited ${duration(retry.wait)} (${retry.reason === "retry_after" ? "Retry-After" : retry.reason})` : "then at once");
  return el("section", {}, el("h3", {}, plural(task.attempts[i], "attempt")),
    el("ol", { class: "attempts" },
      retries.map((retry) => el("li", {}, el("span", { class: "code bad" }, retry.result || "error"), el("span", {}, `after ${duration(retry.duration)}`), el("small", {}, waited(retry)))),
      el("li", {}, el("span", { class: `code ${good(i) ? "good" : "bad"}` }, errorOf(i) || result(i)), el("span", {}, "the end"))));
}

function facts(i) {
  const m = more(i);
  const started = data.start && task.start[i] >= 0 ? new Date(Date.parse(data.start) + task.start[i] / 1000).toISOString() : "";
  const list = [
    ["Method", word("method", i)],
    ["Status", task.status[i] || ""],
    ["Error", m.error],
    ["Expected", m.expect?.join("\n")],
    ["Redirected to", m.final],
    ["Protocol", word("protocol", i)],
    ["Address", word("remote", i)],
    ["Content type", word("type", i)],
    ["Size", task.bytes[i] < 0 ? "" : `${bytes(task.bytes[i])} (${count(task.bytes[i])} bytes)`],
    ["Resumed", m.resumed === undefined ? "" : `${count(m.resumed)} bytes were there`],
    ["Mirror", m.mirror],
    ["Output", task.outputs?.[i]],
    ["Exit code", m.exit],
    ["Signal", m.signal],
    ["Attempts", task.attempts[i]],
    ["Started", started],
    ["Seq", task.seq[i]],
    ["Id", task.ids?.[i]],
    ["Trace", task.traces?.[i]],
  ];
  return el("dl", { class: "facts-list" }, list.filter(([, value]) => value !== undefined && value !== "").map(([name, value]) =>
    [el("dt", {}, name), el("dd", {}, el("bdi", {}, String(value)))]));
}

details.addEventListener("keydown", (event) => {
  if (event.target.tagName === "PRE") return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    step(event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
  }
});
details.addEventListener("click", (event) => {
  if (event.target === details) details.close(); // the backdrop
});
details.addEventListener("close", () => {
  if (opened >= 0 && listed === shown) grid.focus(listed[opened]);
});
