// The table. Only the rows near the screen are in the document, so ten thousand models scroll like ten.

const OVERSCAN = 8;
const KEPT = 600; // rows kept ready outside the document

// Columns from left to right; page.css says which ones a width has room for.
const COLUMNS = [
  { key: "name", title: "Model" },
  { key: "kind", title: "Kind" },
  { key: "dim", title: "Dim", long: "Dimension", numeric: true },
  { key: "ctx", title: "Context", long: "Context in tokens", numeric: true },
  { key: "size", title: "Size", long: "Parameters", numeric: true },
  { key: "langs", title: "Languages" },
  { key: "lic", title: "Licence" },
  { key: "score", title: "Score", numeric: true },
  { key: "ev", title: "Evidence", long: "Facts known in the strongest way that the model has" },
  { key: "date", title: "Released", numeric: true },
];

const cell = (key, ...content) => h("div", { class: `cell c-${key}`, role: "gridcell" }, ...content);
const missing = () => h("span", { class: "missing", title: "The registry does not say" }, "–");

/** A name with what the search matched marked; `ranges` are positions in the text that starts with the name. */
function marked(name, ranges) {
  if (!ranges?.length || uFuzzy.latinize(name).length !== name.length) return [name];
  const parts = [];
  let done = 0;
  for (let at = 0; at < ranges.length && ranges[at] < name.length; at += 2) {
    const end = Math.min(ranges[at + 1], name.length);
    parts.push(name.slice(done, ranges[at]), h("mark", {}, name.slice(ranges[at], end)));
    done = end;
  }
  return [...parts, name.slice(done)];
}

function languagesCell(model) {
  const { languages } = model;
  if (!languages.length) return missing();
  const names = languages.slice(0, 40).map(languageName).join(", ") + (languages.length > 40 ? ", …" : "");
  return h(
    "span",
    { title: names },
    languages.length === 1 ? languageName(languages[0]) : String(languages.length),
    languages.length > 1 ? h("span", { class: "unit" }, " languages") : "",
  );
}

function scoreCell(model) {
  const score = model.scores.get(state.set);
  if (!score) return missing();
  const { min, max } = SCORE_SETS[state.set];
  const bar = h("span", { class: "bar-fill", "aria-hidden": "true" });
  // Relative to the scores of this set, and never nothing, so that the lowest one is still a bar.
  bar.style.setProperty("--part", String(max > min ? 0.08 + 0.92 * ((score.value - min) / (max - min)) : 1));
  return [
    h("span", { class: "value" }, scoreText(score.value)),
    h("span", { class: "bar-box", "aria-hidden": "true" }, bar),
  ];
}

function evidenceCell(model) {
  const way = EVIDENCE[model.evidence];
  const total = model.counts.reduce((sum, one) => sum + one, 0);
  const words = `${way.label}: ${model.counts[model.evidence]} of ${counted(total, "fact")}`;
  return h(
    "span",
    { class: "way", title: words },
    icon(way.icon, way.mark),
    h("span", { class: "hidden" }, `${way.label}: `),
    `${model.counts[model.evidence]}`,
    h("span", { class: "unit" }, ` of ${total}`),
  );
}

function badges(model) {
  return [
    model.hosted ? h("span", { class: "badge" }, "API") : null,
    model.matryoshka ? h("span", { class: "badge", title: "Vectors can be cut to shorter ones" }, "MRL") : null,
    model.deprecated ? h("span", { class: "badge warn", title: model.deprecated }, "Deprecated") : null,
  ];
}

function makeRow(index) {
  const model = MODELS[index];
  const box = h("input", {
    type: "checkbox",
    tabindex: -1,
    "aria-label": `Compare ${model.name}`,
    title: "Choose for comparison",
  });
  box.addEventListener("change", () => {
    toggleCompared(model.id);
    box.checked = state.compare.includes(model.id);
  });
  return h(
    "div",
    { class: "row", role: "row", tabindex: -1, "data-index": index },
    h("div", { class: "cell c-pick", role: "gridcell" }, h("label", { class: "pick" }, box)),
    h(
      "div",
      { class: "cell c-name", role: "rowheader" },
      h(
        "span",
        { class: "name" },
        h("span", { class: "name-text" }, marked(model.name, view.ranges.get(index))),
        badges(model),
      ),
      h(
        "span",
        { class: "sub" },
        model.organization,
        model.organization && model.id !== model.name ? " · " : "",
        model.id === model.name ? "" : h("span", { class: "id" }, model.id),
      ),
    ),
    cell(
      "kind",
      h("span", { class: `dot k${kindColour(model.type)}` }),
      h("span", { class: "kind-text" }, kindLabel(model.type)),
    ),
    cell("dim", dimensionText(model) || missing(), h("span", { class: "card-unit" }, " dim")),
    cell(
      "ctx",
      model.context === null ? missing() : whole(model.context),
      h("span", { class: "card-unit" }, " tokens"),
    ),
    cell(
      "size",
      model.parameterCount === null ? missing() : (model.parameters ?? compact(model.parameterCount)),
      h("span", { class: "card-unit" }, " params"),
    ),
    cell("langs", languagesCell(model)),
    cell(
      "lic",
      model.license === null
        ? missing()
        : h(
            "span",
            { class: `lic ${licenceTone(model)}`, title: `${model.license}: ${model.licenseClass ?? "unknown terms"}` },
            model.license.replace(/^LicenseRef-/, ""),
          ),
    ),
    cell("score", scoreCell(model)),
    cell("ev", evidenceCell(model)),
    cell("date", model.date === null ? missing() : h("span", { title: model.date }, model.date.slice(0, 7))),
  );
}

/** Green for permissive, amber for what asks something, red for what forbids commercial use. */
const licenceTone = (model) =>
  ({
    permissive: "free",
    "weak copyleft": "asks",
    "strong copyleft": "asks",
    "use-restricted": "limits",
    "non-commercial": "limits",
  })[model.licenseClass] ?? "unclear";

const table = { rows: new Map(), active: 0, height: 0, all: false };

function initTable() {
  const head = h(
    "div",
    { class: "row head", role: "row", "aria-rowindex": 1 },
    h("div", { class: "cell c-pick", role: "columnheader" }, h("span", { class: "hidden" }, "Compare")),
    COLUMNS.map(({ key, title, long }) =>
      h(
        "div",
        { class: `cell c-${key}`, role: "columnheader", "data-sort": key },
        h(
          "button",
          { type: "button", title: long ?? null, onclick: () => sortBy(key) },
          h("span", { class: "head-text" }, title),
          h("span", { class: "arrow", "aria-hidden": "true" }),
        ),
      ),
    ),
  );
  $("grid-head").append(head);

  const rows = $("rows");
  rows.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row || event.target.closest(".c-pick")) return;
    // Text that was just selected is not a click.
    if (String(getSelection()).length && getSelection().anchorNode?.parentElement?.closest(".row") === row) return;
    table.active = view.shown.indexOf(Number(row.dataset.index));
    openModel(MODELS[Number(row.dataset.index)].id, row);
  });
  rows.addEventListener("focusin", (event) => {
    const row = event.target.closest(".row");
    if (row) setActive(view.shown.indexOf(Number(row.dataset.index)));
  });
  rows.addEventListener("keydown", onRowKey);
  rows.addEventListener("pointerover", (event) => {
    const row = event.target.closest(".row");
    pointTo(row ? Number(row.dataset.index) : null);
  });
  rows.addEventListener("pointerleave", () => pointTo(null));

  const sort = $("sort");
  sort.append(
    h("option", { value: "" }, "Best match"),
    ...Object.entries(SORTS).flatMap(([key, { label, falls }]) =>
      (falls ? [`-${key}`, key] : [key, `-${key}`]).map((value) =>
        h("option", { value }, `${label} ${value.startsWith("-") ? "↓" : "↑"}`),
      ),
    ),
  );
  sort.addEventListener("change", () => update({ sort: sort.value }));

  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      drawWindow();
    });
  };
  addEventListener("scroll", later, { passive: true });
  addEventListener("resize", later);
  new ResizeObserver(later).observe($("main"));
  // On paper every row stands, as far as anybody prints.
  addEventListener("beforeprint", () => {
    table.all = true;
    drawWindow();
  });
  addEventListener("afterprint", () => {
    table.all = false;
    drawWindow();
  });
}

/** First click sorts, the second turns around, the third goes back to the usual order. */
function sortBy(key) {
  const first = SORTS[key].falls ? `-${key}` : key;
  const second = SORTS[key].falls ? key : `-${key}`;
  const { key: now, falls } = ordering();
  const shown = `${falls ? "-" : ""}${now}`;
  const next =
    state.sort === ""
      ? shown === first
        ? second
        : first
      : state.sort === first
        ? second
        : state.sort === second
          ? ""
          : first;
  update({ sort: next });
}

function drawHead() {
  const { key, falls } = ordering();
  for (const one of $("grid-head").querySelectorAll("[data-sort]")) {
    const on = one.dataset.sort === key;
    if (on) one.setAttribute("aria-sort", falls ? "descending" : "ascending");
    else one.removeAttribute("aria-sort");
    one.querySelector(".arrow").textContent = on ? (falls ? "↓" : "↑") : "";
  }
  const set = SCORE_SETS[state.set];
  const button = $("grid-head").querySelector("[data-sort=score] button");
  button.querySelector(".head-text").textContent = set ? set.metric : "Score";
  button.title = set ? `${set.label}: ${set.datasets}` : "No published score can be compared";
  $("sort").value = key === "relevance" ? "" : `${falls ? "-" : ""}${key}`;
  $("sort").options[0].hidden = !state.q.trim();
}

/** Fills the table anew: after a filter, a search, another order or another set of scores. */
function drawTable() {
  table.rows.clear();
  $("rows").replaceChildren();
  table.active = Math.max(0, Math.min(table.active, view.shown.length - 1));
  $("grid").setAttribute("aria-rowcount", String(view.shown.length + 1));
  drawHead();
  drawWindow();
}

function rowHeight() {
  return Number.parseFloat(getComputedStyle($("rows")).getPropertyValue("--row")) || 48;
}

function drawWindow() {
  const rows = $("rows");
  const height = rowHeight();
  const { shown } = view;
  table.height = height;
  rows.style.height = table.all ? "auto" : `${shown.length * height}px`;
  const above = -rows.getBoundingClientRect().top;
  let from = Math.max(0, Math.floor(above / height) - OVERSCAN);
  let to = Math.min(shown.length, Math.ceil((above + innerHeight) / height) + OVERSCAN);
  if (table.all) [from, to] = [0, Math.min(shown.length, 2000)];
  const wanted = new Set();
  const insert = (place) => {
    const index = shown[place];
    wanted.add(index);
    let row = table.rows.get(index);
    if (!row) {
      row = makeRow(index);
      table.rows.set(index, row);
    }
    row.style.transform = table.all ? "" : `translateY(${place * height}px)`;
    row.setAttribute("aria-rowindex", String(place + 2));
    markRow(row, place);
    if (!row.isConnected) rows.append(row);
  };
  for (let place = from; place < to; place += 1) insert(place);
  // The row that Tab reaches stays, wherever the page is scrolled to.
  if (shown.length) insert(table.active);
  for (const row of [...rows.children]) {
    if (!wanted.has(Number(row.dataset.index))) row.remove();
  }
  if (table.rows.size > KEPT) {
    for (const [index, row] of table.rows) if (!row.isConnected) table.rows.delete(index);
  }
  // Screen readers read in the order of the document, so rows that came from above are put there.
  const ordered = [...rows.children].sort(
    (a, b) => Number(a.getAttribute("aria-rowindex")) - Number(b.getAttribute("aria-rowindex")),
  );
  if (ordered.some((row, at) => rows.children[at] !== row)) {
    const focused = document.activeElement;
    rows.append(...ordered);
    if (focused !== document.activeElement && rows.contains(focused)) focused.focus({ preventScroll: true });
  }
}

/** What a row says of the state: which one Tab reaches, which one is open, which are chosen. */
function markRow(row, place) {
  const model = MODELS[Number(row.dataset.index)];
  const active = place === table.active;
  row.tabIndex = active ? 0 : -1;
  const box = row.querySelector("input");
  box.tabIndex = active ? 0 : -1;
  box.checked = state.compare.includes(model.id);
  row.classList.toggle("picked", box.checked);
  row.classList.toggle("open", state.model === model.id);
  row.setAttribute("aria-selected", String(state.model === model.id));
}

function setActive(place) {
  if (place < 0 || place === table.active) return;
  const before = table.rows.get(view.shown[table.active]);
  const last = table.active;
  table.active = place;
  if (before) markRow(before, last);
  const row = table.rows.get(view.shown[place]);
  if (row) markRow(row, place);
}

/** Scrolls as far as needed to see a row below the bars at the top, and moves the focus there. */
function focusRow(place, { focus = true } = {}) {
  if (!view.shown.length) return;
  const bounded = Math.max(0, Math.min(place, view.shown.length - 1));
  const box = $("rows").getBoundingClientRect();
  const top = box.top + bounded * table.height;
  const covered = $("grid-head").getBoundingClientRect().bottom + 4;
  const floor = innerHeight - ($("tray").hidden ? 8 : 72);
  const head = Math.max(covered, document.querySelector(".top").offsetHeight);
  if (top < head) scrollBy(0, top - head);
  else if (top + table.height > floor) scrollBy(0, top + table.height - floor);
  setActive(bounded);
  drawWindow();
  if (focus) table.rows.get(view.shown[bounded])?.focus({ preventScroll: true });
}

function onRowKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const page = Math.max(1, Math.floor(innerHeight / table.height) - 4);
  const moves = {
    ArrowDown: 1,
    j: 1,
    ArrowUp: -1,
    k: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity,
  };
  if (Object.hasOwn(moves, event.key)) {
    event.preventDefault();
    if (event.key === "ArrowUp" && table.active === 0) return $("q").focus();
    focusRow(Math.max(0, Math.min(view.shown.length - 1, table.active + moves[event.key])));
    // An open panel follows, so models can be leafed through.
    if (state.model && !narrow.matches) update({ model: MODELS[view.shown[table.active]].id }, { push: false });
    return;
  }
  if (event.target.matches("input")) return;
  const model = MODELS[view.shown[table.active]];
  if (event.key === "Enter") {
    event.preventDefault();
    openModel(model.id, event.target);
  } else if (event.key === "c" || event.key === " ") {
    event.preventDefault();
    toggleCompared(model.id);
  }
}
