// Which tasks the table shows, and in which order. Everything that filters
// calls setFilter; everything that shows the filter listens to onFilter.

const filter = { query: "", outcome: "", status: "", origin: "", latency: null, time: null, sort: "seq", down: false };
const listeners = [];
let shown = Uint32Array.from({ length: rows }, (_, i) => i); // the tasks that pass, sorted

const onFilter = (listener) => listeners.push(listener);

function setFilter(change) {
  Object.assign(filter, change);
  const sorting = Object.keys(change).every((key) => key === "sort" || key === "down");
  shown = sortTasks(sorting ? shown : matching());
  for (const listener of listeners) listener();
}

const clearFilter = () =>
  setFilter({ query: "", outcome: "", status: "", origin: "", latency: null, time: null });

// matching returns the tasks that pass, by index. Each condition that is not
// set costs nothing.
function matching() {
  const tests = [];
  const outcomeAt = outcomes.findIndex((outcome) => outcome.key === filter.outcome);
  if (outcomeAt >= 0) tests.push((i) => task.outcome[i] === outcomeAt);
  if (filter.origin !== "") tests.push((i) => task.origin[i] === Number(filter.origin));
  if (/^\d+$/.test(filter.status)) tests.push((i) => task.status[i] === Number(filter.status));
  else if (filter.status !== "") tests.push((i) => errorOf(i) === filter.status);
  if (filter.latency) {
    const [from, to] = filter.latency;
    tests.push((i) => task.attempts[i] > 0 && Math.max(1, latency(i)) >= from && latency(i) < to);
  }
  if (filter.time) {
    const [from, to] = filter.time; // the tasks that ended then, as the chart counts them
    tests.push((i) => task.start[i] >= 0 && task.start[i] + task.duration[i] >= from && task.start[i] + task.duration[i] < to);
  }
  const terms = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.length > 0) {
    const texts = haystack();
    tests.push((i) => terms.every((term) => texts[i].includes(term)));
  }
  const found = new Uint32Array(rows);
  let n = 0;
  for (let i = 0; i < rows; i++) {
    if (tests.every((test) => test(i))) found[n++] = i;
  }
  return found.slice(0, n);
}

const errorOf = (i) => (good(i) ? "" : more(i).error ?? outcomes[task.outcome[i]].key);

// The keys by which the columns sort. Tasks that are equal keep the list's order.
const sortKeys = {
  seq: (i) => i,
  result: (i) => -task.outcome[i] * 1000 + task.status[i],
  tries: (i) => task.attempts[i],
  bytes: (i) => task.bytes[i],
  duration: (i) => task.duration[i],
  start: (i) => task.start[i],
};

function sortTasks(tasks) {
  const way = filter.down ? -1 : 1;
  if (filter.sort === "task") {
    const names = new Array(rows);
    for (const i of tasks) names[i] = label(i);
    return tasks.sort((a, b) => {
      const left = names[a], right = names[b];
      return left < right ? -way : left > right ? way : a - b;
    });
  }
  const keys = new Float64Array(rows);
  for (const i of tasks) keys[i] = sortKeys[filter.sort](i);
  return tasks.sort((a, b) => way * (keys[a] - keys[b]) || a - b);
}
