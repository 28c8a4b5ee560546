// Bar charts as SVG, drawn to the width that there is. Colours are classes, so
// that themes and print need no drawing again.

const tip = byID("tip");

function showTip(lines, x, y) {
  tip.replaceChildren(...lines.map((line, at) => el(at === 0 ? "b" : "span", {}, line)));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, x - box.width / 2), innerWidth - box.width - 8);
  tip.style.setProperty("transform", `translate(${left}px, ${Math.max(8, y - box.height - 12)}px)`);
}

const hideTip = () => (tip.hidden = true);

// barChart keeps a chart in box. spec:
//   label    what a screen reader hears
//   bars     [{parts: [{kind, value}], lines: [text of the tip]}]
//   ticks    [{at: bar edge, text}]
//   marks    [{at: bar edge, text}], vertical lines
//   choose   called with the first and last bar of a selection
// A selection is made by dragging, or by the arrow keys (with Shift) and Enter.
function barChart(box, spec) {
  let cursor = null; // the bar under the keyboard or the pointer
  let anchor = null; // where a selection began
  let chosen = null; // [first, last], as given by select
  const margin = { left: 1, right: 1, top: spec.marks.length > 0 ? 34 : 14, bottom: 20 };
  const height = 184;
  const n = spec.bars.length;
  const highest = Math.max(1, ...spec.bars.map((bar) => bar.parts.reduce((sum, part) => sum + part.value, 0)));
  const live = el("p", { class: "sr", "aria-live": "polite" });
  let drawing = null;

  function draw() {
    const width = box.clientWidth;
    if (width === 0) return;
    const step = (width - margin.left - margin.right) / n;
    const x = (edge) => margin.left + edge * step;
    const scale = (height - margin.top - margin.bottom) / highest;
    const base = height - margin.bottom;
    const gap = step > 6 ? 1.5 : step > 3 ? 0.75 : 0;
    const bars = spec.bars.flatMap((bar, index) => {
      let top = base;
      return bar.parts.filter((part) => part.value > 0).map((part) => {
        const tall = Math.max(1.5, part.value * scale);
        top -= tall;
        return svg("rect", { class: part.kind, x: x(index), y: top, width: Math.max(0.5, step - gap), height: tall, rx: step > 8 ? 1.5 : 0 });
      });
    });
    const ticks = spec.ticks.map((tick) => {
      const anchorAt = tick.at < n * 0.04 ? "start" : tick.at > n * 0.96 ? "end" : "middle";
      return svg("text", { class: "tick", x: x(tick.at), y: height - 5, "text-anchor": anchorAt }, tick.text);
    });
    // The text of a mark stands to its right. Where the next mark is too near
    // for it, the text goes to the left or, between two others, a line down.
    const marks = spec.marks.map((mark, k) => {
      const crowded = k > 0 && x(mark.at) - x(spec.marks[k - 1].at) < 34;
      const tight = k + 1 < spec.marks.length && x(spec.marks[k + 1].at) - x(mark.at) < 34;
      const left = x(mark.at) > width - 34 || (tight && !crowded);
      const y = crowded && (tight || left) ? 26 : 12;
      return [
        svg("line", { class: "mark", x1: x(mark.at), x2: x(mark.at), y1: y - 9, y2: base }),
        svg("text", { class: "mark", x: x(mark.at) + (left ? -4 : 4), y, "text-anchor": left ? "end" : "start" }, mark.text),
      ];
    });
    const range = cursor !== null && anchor !== null ? [Math.min(anchor, cursor), Math.max(anchor, cursor)] : chosen;
    drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
      range && svg("rect", { class: "chosen", x: x(range[0]), y: margin.top - 6, width: (range[1] - range[0] + 1) * step, height: base - margin.top + 6 }),
      cursor !== null && svg("rect", { class: "cursor", x: x(cursor), y: margin.top - 6, width: step, height: base - margin.top + 6 }),
      bars, svg("line", { class: "axis", x1: 0, x2: width, y1: base, y2: base }), ticks, marks.flat());
    box.replaceChildren(drawing, live);
  }

  const barAt = (event) => {
    const at = Math.floor(((event.clientX - box.getBoundingClientRect().left - margin.left) / (box.clientWidth - 2)) * n);
    return Math.min(n - 1, Math.max(0, at));
  };
  const finish = () => {
    if (anchor !== null && cursor !== null) spec.choose(Math.min(anchor, cursor), Math.max(anchor, cursor));
    anchor = null;
  };
  box.addEventListener("pointerdown", (event) => {
    anchor = cursor = barAt(event);
    box.setPointerCapture(event.pointerId);
    draw();
  });
  box.addEventListener("pointermove", (event) => {
    const at = barAt(event);
    if (at !== cursor) {
      cursor = at;
      draw();
    }
    showTip(spec.bars[at].lines, event.clientX, box.getBoundingClientRect().top + 20);
  });
  box.addEventListener("pointerup", finish);
  box.addEventListener("pointercancel", () => (anchor = null));
  box.addEventListener("pointerleave", () => {
    if (anchor === null) cursor = null;
    hideTip();
    draw();
  });
  box.addEventListener("blur", () => {
    cursor = anchor = null;
    hideTip();
    draw();
  });
  box.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -n, End: n }[event.key];
    if (move !== undefined) {
      if (event.shiftKey) anchor ??= cursor ?? 0;
      else anchor = null;
      cursor = Math.min(n - 1, Math.max(0, cursor === null ? (move > 0 ? 0 : n - 1) : cursor + move));
      const at = box.getBoundingClientRect();
      live.textContent = spec.bars[cursor].lines.join(", ");
      showTip(spec.bars[cursor].lines, at.left + ((cursor + 0.5) / n) * at.width, at.top + 20);
    } else if (event.key === "Enter" && cursor !== null) {
      anchor ??= cursor;
      finish();
    } else if (event.key === "Escape") {
      cursor = anchor = null;
      hideTip();
      spec.choose(null);
    } else {
      return;
    }
    event.preventDefault();
    draw();
  });
  box.tabIndex = 0;
  box.setAttribute("role", "application");
  box.setAttribute("aria-roledescription", "bar chart");
  box.setAttribute("aria-label", spec.label);
  new ResizeObserver(draw).observe(box);
  return {
    select(range) {
      chosen = range;
      draw();
    },
  };
}

// phaseBar fills box with a part for each phase of values, whose index is the
// phase's; whole is what the full width stands for.
function phaseBar(box, values, whole) {
  box.replaceChildren(...phases.filter((phase) => values[phase.index] > 0).map((phase) =>
    el("i", { class: `phase-${phase.key}${phase.wait ? " wait" : ""}`, style: { width: `${(100 * values[phase.index]) / whole}%` } })));
}
