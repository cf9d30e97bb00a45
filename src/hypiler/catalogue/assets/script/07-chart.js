// Quality against size, width, context or age. Points are drawn on a canvas, so thousands cost a few milliseconds;
// axes, the frontier and labels are SVG; a button lies over the point that keyboard or pointer is at.

const CHART = { left: 52, right: 20, top: 20, bottom: 34 };
const REACH = 26; // how far a pointer may be from a point, in pixels

const dateNumber = (date) =>
  date ? Date.parse(date.length === 4 ? `${date}-07-01` : date.length === 7 ? `${date}-15` : date) : null;
// `better` is the direction in which an axis is good: a frontier model is one that no other beats in both.
const AXIS = {
  size: {
    label: "size",
    unit: "parameters",
    of: (model) => model.parameterCount,
    log: true,
    better: -1,
    format: compact,
    note: "no smaller model scores higher",
  },
  dim: {
    label: "dimension",
    unit: "numbers per vector",
    of: (model) => model.dimension,
    log: true,
    better: -1,
    format: String,
    note: "no model with shorter vectors scores higher",
  },
  ctx: {
    label: "context",
    unit: "tokens",
    of: (model) => model.context,
    log: true,
    better: 1,
    format: whole,
    note: "no model with a longer context scores higher",
  },
  date: {
    label: "release date",
    unit: "",
    of: (model) => dateNumber(model.date),
    log: false,
    better: -1,
    format: (at) => new Date(at).toISOString().slice(0, 7),
    note: "no model scored higher before",
  },
};

const chart = { points: [], frontier: [], at: null, width: 0, height: 0 };

function niceStep(span, count) {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

function linearTicks(low, high, count) {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, count);
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  // Counted, not added up: between 0.3 and 0.30000000000000004 a step is too small to change a tick.
  const found = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => (first + at) * step);
  return [...new Set(found.map((tick) => Number(tick.toPrecision(12))))];
}

function logTicks(low, high, axis) {
  // Widths and contexts are powers of two, sizes are not.
  const base = axis === "size" ? [1, 2, 5] : null;
  const found = [];
  if (!base) {
    for (let tick = 2 ** Math.ceil(Math.log2(low) - 1e-9); tick <= high * 1.0001; tick *= 2) found.push(tick);
    return found.length ? found : [low];
  }
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const factor of base)
      if (factor * power >= low * 0.999 && factor * power <= high * 1.001) found.push(factor * power);
  }
  return found.length ? found : [low];
}

function dateTicks(low, high) {
  const years = [];
  for (let year = new Date(low).getUTCFullYear(); year <= new Date(high).getUTCFullYear(); year += 1) {
    const at = Date.UTC(year, 0, 1);
    if (at >= low && at <= high) years.push(at);
  }
  return years;
}

/** The points that no other point beats in both directions, from left to right. */
function frontierOf(points, better) {
  const ordered = [...points].sort((a, b) => (a.x - b.x) * -better || b.y - a.y);
  const found = [];
  for (const point of ordered) if (!found.length || point.y > found.at(-1).y) found.push(point);
  return better > 0 ? found.reverse() : found;
}

const chartOn = () => SCORE_SETS.length > 0 && (state.chart === "" ? !narrow.matches : state.chart === "1");

function initChart() {
  if (!SCORE_SETS.length) {
    $("chart-toggle").hidden = true;
    return;
  }
  $("plot-x").append(...Object.entries(AXIS).map(([key, { label }]) => h("option", { value: key }, label)));
  $("plot-set").append(...SCORE_SETS.map((set) => h("option", { value: set.index })));
  $("plot-x").addEventListener("change", () => update({ x: $("plot-x").value }));
  $("plot-set").addEventListener("change", () => update({ set: Number($("plot-set").value) }));
  $("chart-toggle").addEventListener("click", () => {
    const next = !chartOn();
    // The usual state of this width stays out of the address.
    update({ chart: next === !narrow.matches ? "" : next ? "1" : "0" }, { push: false });
  });
  const area = $("plot-area");
  area.addEventListener("pointermove", (event) => pointTo(nearest(event)?.index ?? null, true));
  area.addEventListener("pointerleave", () => pointTo(null));
  area.addEventListener("click", (event) => {
    // A key's click has no place, and its button listens itself.
    if (event.target === $("plot-cursor")) return;
    const point = nearest(event);
    if (point) openModel(MODELS[point.index].id, $("plot-cursor"));
  });
  const cursor = $("plot-cursor");
  cursor.addEventListener("click", () => chart.at !== null && openModel(MODELS[chart.at].id, cursor));
  cursor.addEventListener("focus", () =>
    pointTo(chart.at ?? chart.frontier.at(-1)?.index ?? chart.points.at(-1)?.index ?? null, true),
  );
  cursor.addEventListener("blur", () => pointTo(null));
  cursor.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step || !chart.points.length) return;
    event.preventDefault();
    const place = chart.points.findIndex((point) => point.index === chart.at);
    const next = chart.points[(place + step + chart.points.length) % chart.points.length];
    pointTo(next.index, true);
  });
  new ResizeObserver(() => drawChart()).observe(area);
  for (const one of [dark, matchMedia("(forced-colors: active)"), matchMedia("print")])
    one.addEventListener("change", recolour);
}

/** What a set of scores is called: one data set by its name, several by their number and the first ones. */
function setName(set, shown) {
  const many = (set.datasets ?? "").split(", ").length;
  const data = many > 1 ? `${many} data sets: ${shortened(set.datasets, 34)}` : shortened(set.datasets, 44);
  return `${set.label} · ${data} (${shown === set.count ? set.count : `${shown} of ${set.count}`})`;
}

const shortened = (words, most) =>
  words && words.length > most ? `${words.slice(0, most - 1).replace(/[,\s]+\S*$/, "")} …` : (words ?? "");

function nearest(event) {
  const box = $("plot-area").getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  let best = null;
  let least = REACH ** 2;
  for (const point of chart.points) {
    const distance = (point.px - x) ** 2 + (point.py - y) ** 2;
    if (distance < least) [best, least] = [point, distance];
  }
  return best;
}

/** Shows which model is meant, in the chart and in the table; `tip` also tells about it. */
function pointTo(index, tip = false) {
  chart.at = index ?? (document.activeElement === $("plot-cursor") ? chart.at : null);
  for (const row of $("rows").querySelectorAll(".row.pointed")) row.classList.remove("pointed");
  if (chart.at !== null && tip) table.rows.get(chart.at)?.classList.add("pointed");
  const cursor = $("plot-cursor");
  const point = chart.points.find((one) => one.index === chart.at);
  cursor.classList.toggle("on", Boolean(point));
  $("tip").hidden = !(point && tip);
  if (!point) return;
  const model = MODELS[point.index];
  const axis = AXIS[state.x];
  cursor.style.transform = `translate(${point.px}px, ${point.py}px)`;
  cursor.setAttribute(
    "aria-label",
    `${model.name}: ${scoreText(point.y)}, ${axis.format(point.x)} ${axis.unit}${point.frontier ? ", on the frontier" : ""}. Open it`,
  );
  if (!tip) return;
  const score = model.scores.get(state.set);
  $("tip").replaceChildren(
    h("strong", {}, model.name),
    h("span", { class: "sub" }, [model.organization, kindLabel(model.type)].filter(Boolean).join(" · ")),
    h(
      "span",
      { class: "tip-facts" },
      [
        `${SCORE_SETS[state.set].metric} ${scoreText(score.value)}`,
        model.parameterCount === null ? "" : `${model.parameters ?? compact(model.parameterCount)} params`,
        dimensionText(model) && `${dimensionText(model)} dim`,
      ]
        .filter(Boolean)
        .join(" · "),
    ),
    text(score.reporter) ? h("span", { class: "sub" }, `reported by ${text(score.reporter)}`) : "",
  );
  const { offsetWidth: width, offsetHeight: height } = $("tip");
  const x = Math.max(4, Math.min(chart.width - width - 4, point.px - width / 2));
  const y = point.py - height - 14 < 0 ? point.py + 14 : point.py - height - 14;
  $("tip").style.transform = `translate(${x}px, ${y}px)`;
}

let palette = null; // read again when the theme changes: reading makes the browser work out styles

/** The colours that classes have now: they depend on the theme, and on the system's own colours. */
function colours() {
  palette ??= readColours();
  return palette;
}

function recolour() {
  palette = null;
  drawChart();
}

function readColours() {
  const probe = h("span", { class: "dot" });
  $("plot-area").append(probe);
  const read = (name) => {
    probe.className = `dot ${name}`;
    return getComputedStyle(probe).backgroundColor;
  };
  const found = {
    kinds: Array.from({ length: 8 }, (_, at) => read(`k${at}`)),
    paper: read("paper"),
    faint: read("faint"),
    ink: read("ink"),
  };
  probe.remove();
  return found;
}

function drawChart() {
  const on = chartOn();
  $("plot").hidden = !on;
  $("chart-toggle").setAttribute("aria-pressed", String(on));
  if (!on) return;
  $("plot-x").value = state.x;
  const shown = SCORE_SETS.map(() => 0);
  for (const index of view.shown) for (const number of MODELS[index].scores.keys()) shown[number] += 1;
  SCORE_SETS.forEach((one, at) => setText($("plot-set").options[at], setName(one, shown[at])));
  $("plot-set").value = String(state.set);
  const set = SCORE_SETS[state.set];
  const axis = AXIS[state.x];
  const { clientWidth: width, clientHeight: height } = $("plot-area");
  Object.assign(chart, { width, height });

  const all = [];
  for (const model of MODELS) {
    const score = model.scores.get(state.set);
    const x = axis.of(model);
    if (score && x) all.push({ index: model.index, x, y: score.value, model });
  }
  const scale = scaleOf(all, axis);
  for (const point of all) [point.px, point.py] = [scale.x(point.x), scale.y(point.y)];
  chart.points = all.filter((point) => view.visible.has(point.index)).sort((a, b) => a.x - b.x || a.y - b.y);
  chart.frontier = frontierOf(chart.points, axis.better);
  for (const point of chart.frontier) point.frontier = true;

  drawDots(all, width, height);
  drawFrame(scale, axis, set, width, height);
  drawLegend();
  const without = view.shown.length - chart.points.length;
  $("plot-note").textContent = chart.points.length
    ? `On the line: ${axis.note}. Data: ${set.datasets}.${without ? ` ${counted(without, "model")} without this score.` : ""}`
    : "No model shown here has this score. Choose another one, or take a filter away.";
  pointTo(chart.at);
}

function scaleOf(points, axis) {
  const { left, right, top, bottom } = CHART;
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const least = (numbers) => numbers.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  let [x0, x1, y0, y1] = points.length ? [least(xs), most(xs), least(ys), most(ys)] : [1, 10, 0, 1];
  const to = axis.log ? Math.log : (x) => x;
  const margin = (to(x1) - to(x0)) * 0.04 || (axis.log ? 0.5 : 1e9);
  const [from, until] = [to(x0) - margin, to(x1) + margin];
  const gap = (y1 - y0) * 0.08 || Math.abs(y1) * 0.1 || 1;
  [y0, y1] = [y0 - gap, y1 + gap];
  const back = axis.log ? Math.exp : (x) => x;
  return {
    x: (x) => left + ((to(x) - from) / (until - from)) * (chart.width - left - right),
    y: (y) => chart.height - bottom - ((y - y0) / (y1 - y0)) * (chart.height - top - bottom),
    xs: axis.log ? logTicks(back(from), back(until), state.x) : dateTicks(from, until),
    ys: linearTicks(y0, y1, 5),
  };
}

function drawDots(all, width, height) {
  const canvas = $("plot-dots");
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const { kinds, paper, faint, ink } = colours();
  const radius = all.length > 1500 ? 2.5 : width < 500 ? 4 : 5;
  const dot = (point, fill, ring) => {
    context.beginPath();
    context.arc(point.px, point.py, radius, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
    if (!ring) return;
    context.strokeStyle = ring;
    context.lineWidth = 1.25;
    context.stroke();
  };
  for (const point of all) if (!view.visible.has(point.index)) dot(point, faint, null);
  for (const point of chart.points) dot(point, kinds[kindColour(point.model.type)], all.length > 1500 ? null : paper);
  // The open model and those of the comparison are found again by a ring.
  for (const point of all) {
    if (point.model.id !== state.model && !state.compare.includes(point.model.id)) continue;
    dot(point, kinds[kindColour(point.model.type)], paper);
    context.beginPath();
    context.arc(point.px, point.py, radius + 3.5, 0, 2 * Math.PI);
    context.strokeStyle = ink;
    context.lineWidth = 1.75;
    context.stroke();
  }
}

function drawFrame(scale, axis, set, width, height) {
  const frame = $("plot-frame");
  frame.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const { left, right, top, bottom } = CHART;
  const parts = [];
  for (const tick of scale.ys) {
    const y = scale.y(tick);
    parts.push(svg("line", { class: "rule", x1: left, x2: width - right, y1: y, y2: y }));
    parts.push(svg("text", { class: "tick", x: left - 8, y: y + 4, "text-anchor": "end" }, scoreText(tick)));
  }
  let free = -Infinity;
  for (const tick of scale.xs) {
    const x = scale.x(tick);
    const label = state.x === "date" ? String(new Date(tick).getUTCFullYear()) : axis.format(tick);
    parts.push(svg("line", { class: "rule x", x1: x, x2: x, y1: top, y2: height - bottom }));
    // Labels that would touch the one before are left out.
    if (x - label.length * 3.6 < free || x + label.length * 3.6 > width) continue;
    parts.push(svg("text", { class: "tick", x, y: height - bottom + 17, "text-anchor": "middle" }, label));
    free = x + label.length * 3.6 + 6;
  }
  if (axis.unit)
    parts.push(svg("text", { class: "axis", x: width - right, y: height - 3, "text-anchor": "end" }, `${axis.unit} →`));
  parts.push(svg("text", { class: "axis", x: left - 44, y: top - 2 }, `↑ ${shortened(set.label, 60)}`));
  parts.push(...frontierParts(width));
  frame.replaceChildren(...parts);
}

function frontierParts(width) {
  const { frontier } = chart;
  if (!frontier.length) return [];
  const falls = AXIS[state.x].better > 0;
  let path = `M${frontier[0].px} ${frontier[0].py}`;
  for (const point of frontier.slice(1)) path += falls ? `V${point.py}H${point.px}` : `H${point.px}V${point.py}`;
  if (!falls) path += `H${width - CHART.right}`;
  const parts = [svg("path", { class: "frontier", d: path })];
  // Names where there is room, the best ones first: a name gives way to points of the frontier and to other names.
  const taken = frontier.map((point) => [point.px - 6, point.py - 6, point.px + 6, point.py + 6]);
  taken.push([0, 0, CHART.left - 38 + SCORE_SETS[state.set].label.length * 6.5, CHART.top + 2]); // the name of the axis
  // On the other side of a point lie the line and the points below it.
  const below = [...taken, ...chart.points.map((point) => [point.px - 5, point.py - 5, point.px + 5, point.py + 5])];
  frontier.slice(1).forEach((point, at) => {
    const before = frontier[at];
    const level = falls ? point.py : before.py;
    const upright = falls ? before.px : point.px;
    below.push(
      [before.px, level, point.px, level],
      [upright, Math.min(before.py, point.py), upright, Math.max(before.py, point.py)],
    );
  });
  const clear = (box, boxes) =>
    boxes.every(([x0, y0, x1, y1]) => box[2] < x0 || box[0] > x1 || box[3] < y0 || box[1] > y1);
  for (const point of [...frontier].reverse()) {
    const words = shortened(point.model.name, 30);
    const length = words.length * 6.3;
    // Beyond the frontier no point lies: up and to the left, or to the right where more is better.
    for (const [side, dy] of falls
      ? [
          [1, -7],
          [-1, -7],
        ]
      : [
          [-1, -7],
          [1, -9],
        ]) {
      const x = point.px + side * 7;
      const box = [side > 0 ? x : x - length, point.py + dy - 10, side > 0 ? x + length : x, point.py + dy + 3];
      const fits = box[0] >= CHART.left + 2 && box[2] <= width - 2 && box[1] >= 2;
      const other = side !== (falls ? 1 : -1);
      // The other side is for names that the edge would cut, not for those that another name is in the way of.
      if (fits && !clear(box, other ? [...below, ...taken] : taken)) break;
      if (!fits) continue;
      taken.push(box);
      parts.push(
        svg("text", { class: "label", x, y: point.py + dy, "text-anchor": side > 0 ? "start" : "end" }, words),
      );
      break;
    }
  }
  return parts;
}

function drawLegend() {
  const kinds = KINDS.filter((kind) => chart.points.some((point) => point.model.type === kind));
  $("legend").replaceChildren(
    ...kinds.map((kind) => h("li", {}, h("span", { class: `dot k${kindColour(kind)}` }), kindLabel(kind))),
    h("li", {}, h("span", { class: "line" }), "Pareto frontier"),
  );
}
