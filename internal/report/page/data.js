// The records, a typed array a column. A task is known by its index in these
// arrays, called i everywhere; the order is that of the list (seq).

const data = JSON.parse(byID("data").textContent);
byID("data").remove(); // the text is not needed twice

const columns = data.columns;
const rows = columns.rows;

const numbers = (name, absent) =>
  columns[name] ? Float64Array.from(columns[name]) : new Float64Array(rows).fill(absent);
const strings = (name) => columns[name] ?? null;

const task = {
  seq: numbers("seq", -1),
  outcome: numbers("outcome", 0),
  origin: numbers("origin", 0),
  status: numbers("status", 0),
  attempts: numbers("attempts", 0),
  bytes: numbers("bytes", -1),
  duration: numbers("duration", 0),
  start: numbers("start", -1), // microseconds after the run's start; -1: not known
  urls: strings("url"),
  ids: strings("id"),
  outputs: strings("output"),
  traces: strings("trace"),
};

const OK = 0, NOT_MODIFIED = 1, FAILED = 2, UNFINISHED = 3;
const outcomes = [
  { key: "ok", name: "ok", sign: "✓" },
  { key: "not_modified", name: "not modified", sign: "=" },
  { key: "failed", name: "failed", sign: "✕" },
  { key: "unfinished", name: "unfinished", sign: "…" },
];

// The phases that occur in this run, in the order in which a bar shows them.
const waits = new Set(["queue", "rate", "breaker", "backoff", "retry-after"]);
const phases = data.phases
  .map((phase, index) => ({ ...phase, index, wait: waits.has(phase.key), of: numbers(`phase:${phase.key}`, 0) }))
  .filter((phase) => phase.total > 0);

const more = (i) => data.more[i] ?? {};
const good = (i) => task.outcome[i] <= NOT_MODIFIED;
const origin = (i) => data.origins[task.origin[i]];

// word looks up a column of words that repeat.
function word(name, i) {
  const list = columns[`words:${name}`];
  return list ? list[columns[name][i]] : "";
}

// url puts together what the data keeps apart: the origin's name and the rest.
function url(i) {
  const rest = task.urls ? task.urls[i] : "";
  return below(i) ? origin(i).name + rest : rest;
}

// below reports whether the URL is its origin's name and a rest.
function below(i) {
  if (!task.urls || !origin(i).name.includes("://")) return false;
  const rest = task.urls[i];
  return rest === "" || "/?#".includes(rest[0]);
}

// label is what the task is called: its URL, or the id of a command.
const label = (i) => url(i) || (task.ids ? task.ids[i] : "");

// result is the status, or the error of a task that no status came for.
const result = (i) => (task.status[i] ? String(task.status[i]) : more(i).error ?? "");

// latency is as Go's Row.Latency: the waits that the run imposed are left out.
const imposed = phases.filter((phase) => phase.key === "queue" || phase.key === "rate");
const latency = (i) => imposed.reduce((left, phase) => left - phase.of[i], task.duration[i]);

// haystack is the text that a search goes through, in lower case. It is made
// when it is first asked for.
const haystack = (() => {
  let texts = null;
  return () => {
    texts ??= Array.from({ length: rows }, (_, i) => {
      const m = more(i);
      return [url(i), task.ids?.[i], word("method", i), result(i), m.error, m.message, m.final, task.outputs?.[i],
        word("remote", i), task.traces?.[i], m.stderr].filter(Boolean).join("\n").toLowerCase();
    });
    return texts;
  };
})();
