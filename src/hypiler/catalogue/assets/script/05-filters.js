// The filters beside the table; on a narrow screen the same form lies in a sheet.

/** The points of a slider: every value that occurs, or round numbers where there are too many. */
function stops(values) {
  const distinct = [...new Set(values.filter((value) => value !== null && value > 0))].sort((a, b) => a - b);
  if (distinct.length <= 28) return distinct;
  const round = [];
  for (
    let power = 10 ** Math.floor(Math.log10(distinct[0]));
    round.at(-1) < distinct.at(-1) || !round.length;
    power *= 10
  ) {
    for (const factor of [1, 2, 5]) round.push(factor * power);
  }
  const first = round.findLastIndex((stop) => stop <= distinct[0]);
  const last = round.findIndex((stop) => stop >= distinct.at(-1));
  return round.slice(Math.max(0, first), last + 1);
}

const group = (title, key, ...content) =>
  h("fieldset", { class: "facet", "data-facet": key }, h("legend", {}, title), ...content);

/** Checkboxes with the number of models that each would show. */
function choices(title, key, values) {
  if (values.length < 2) return null; // nothing to choose
  const boxes = values.map(([value, label, mark]) => {
    const input = h("input", {
      type: "checkbox",
      value,
      onchange: () => update({ [key]: toggled(state[key], value) }),
    });
    const number = h("span", { class: "number" });
    const row = h("label", { class: "choice" }, input, mark, h("span", { class: "word" }, label), number);
    return { value, input, number, row };
  });
  const element = group(
    title,
    key,
    boxes.map((box) => box.row),
  );
  const draw = () => {
    for (const { value, input, number, row } of boxes) {
      const count = view.facets[key].get(value) ?? 0;
      input.checked = state[key].includes(value);
      setText(number, whole(count));
      row.classList.toggle("none", !count && !input.checked);
    }
  };
  return { element, draw };
}

/** Two thumbs over the values that occur, with a small picture of how often each does. */
function rangeSlider(title, key, values, unit, format) {
  const points = stops(values.flat());
  if (points.length < 2) return null;
  const last = points.length - 1;
  const bins = points.map(() => 0);
  for (const own of values) {
    const hit = new Set(
      own
        .filter((one) => one !== null)
        .map((one) =>
          Math.max(
            0,
            points.findLastIndex((stop) => stop <= one),
          ),
        ),
    );
    for (const bin of hit) bins[bin] += 1;
  }
  const tallest = Math.max(...bins);
  const bars = bins.map((count, index) => {
    const height = count ? Math.max(1.5, (count / tallest) * 26) : 0;
    return svg("rect", { x: index * 10 + 1.5, y: 28 - height, width: 7, height, rx: 1 });
  });
  const picture = svg(
    "svg",
    { class: "bins", viewBox: `0 0 ${points.length * 10} 28`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...bars,
  );
  const output = h("output", { class: "range-text" });
  const thumb = (end) =>
    h("input", {
      type: "range",
      min: 0,
      max: last,
      step: 1,
      class: end,
      "aria-label": `${title}, ${end === "low" ? "at least" : "at most"}`,
    });
  const low = thumb("low");
  const high = thumb("high");
  const track = h("div", { class: "track" }, h("span", { class: "rail" }), h("span", { class: "span" }), low, high);

  const box = h("div", { class: "range" }, output, picture, track);
  const paint = () => {
    const [from, to] = [Number(low.value), Number(high.value)];
    const position = (index) => `${(index / last) * 100}%`;
    box.classList.toggle("set", from > 0 || to < last);
    track.querySelector(".span").style.setProperty("inset-inline", `${position(from)} ${position(last - to)}`);
    bars.forEach((bar, index) => bar.classList.toggle("on", index >= from && index <= to));
    const [least, most] = [points[from], points[to]].map(format);
    const words =
      from === 0 && to === last
        ? "any"
        : from === to
          ? least
          : from === 0
            ? `up to ${most}`
            : to === last
              ? `from ${least}`
              : `${least} to ${most}`;
    output.textContent = words === "any" ? words : `${words} ${unit}`;
    low.setAttribute("aria-valuetext", from === 0 ? "any" : `${least} ${unit}`);
    high.setAttribute("aria-valuetext", to === last ? "any" : `${most} ${unit}`);
    // The thumb that can still move lies on top where both meet.
    low.classList.toggle("top", from > last / 2);
  };
  const read = () => {
    const [from, to] = [Number(low.value), Number(high.value)];
    return [from === 0 ? null : points[from], to === last ? null : points[to]];
  };
  const onInput = (event) => {
    if (Number(low.value) > Number(high.value)) {
      if (event.target === low) low.value = high.value;
      else high.value = low.value;
    }
    paint();
    update({ [key]: read() }, { push: false });
  };
  for (const input of [low, high]) input.addEventListener("input", onInput);
  const draw = () => {
    const [from, to] = state[key];
    // A value of the address that is no stop lies at the nearest one that is not tighter.
    low.value =
      from === null
        ? 0
        : Math.max(
            0,
            points.findLastIndex((stop) => stop <= from),
          );
    const above = to === null ? -1 : points.findIndex((stop) => stop >= to);
    high.value = above < 0 ? last : above;
    paint();
  };
  return { element: group(title, key, box), draw };
}

function languageFilter() {
  const options = LANGUAGES.map(([tag]) => tag).sort((a, b) => byText.compare(languageName(a), languageName(b)));
  const picker = h("select", { "aria-label": "Add a language" });
  picker.addEventListener("change", () => {
    if (picker.value) update({ lang: [...new Set([...state.lang, picker.value])] });
  });
  const chosen = h("div", { class: "chosen" });
  // A hundred options with numbers cost more than the rest of the page, so they are written when somebody looks.
  const fill = () => {
    const open = options.filter((tag) => !state.lang.includes(tag));
    picker.replaceChildren(
      h("option", { value: "" }, state.lang.length ? "and also …" : "Any language"),
      ...open.map((tag) =>
        h("option", { value: tag }, `${languageName(tag)} (${whole(view.facets.lang.get(tag) ?? 0)})`),
      ),
    );
    picker.value = "";
  };
  picker.addEventListener("pointerdown", fill);
  picker.addEventListener("focus", fill);
  let filledFor = null;
  const draw = () => {
    if (filledFor === String(state.lang)) return;
    filledFor = String(state.lang);
    fill();
    chosen.replaceChildren(
      ...state.lang.map((tag) => removable(languageName(tag), () => update({ lang: toggled(state.lang, tag) }))),
    );
  };
  return { element: group("Languages", "lang", picker, chosen), draw };
}

/** A word with a cross that takes it away. */
const removable = (label, remove) =>
  h(
    "button",
    { type: "button", class: "chip", "aria-label": `Remove: ${label}`, onclick: remove },
    h("span", { class: "chip-text" }, label),
    icon("close"),
  );

function accessFilter() {
  if (new Set(MODELS.map((model) => model.hosted)).size < 2) return null;
  const inputs = [
    ["", "All"],
    ["open", "Open weights"],
    ["hosted", "Behind an API"],
  ].map(([value, label]) => {
    const input = h("input", { type: "radio", name: "open", value, onchange: () => update({ open: value }) });
    return { value, input, row: h("label", {}, input, h("span", {}, label)) };
  });
  const draw = () => {
    for (const { value, input } of inputs) input.checked = state.open === value;
  };
  return {
    element: group(
      "Access",
      "open",
      h(
        "div",
        { class: "segments" },
        inputs.map((one) => one.row),
      ),
    ),
    draw,
  };
}

function matryoshkaFilter() {
  if (!MODELS.some((model) => model.matryoshka)) return null;
  const input = h("input", { type: "checkbox", role: "switch", onchange: () => update({ mrl: input.checked }) });
  const number = h("span", { class: "number" });
  const draw = () => {
    input.checked = state.mrl;
    setText(number, whole(view.facets.mrl.get("1") ?? 0));
  };
  const row = h(
    "label",
    { class: "choice" },
    input,
    h("span", { class: "word" }, "Vectors can be cut (Matryoshka)"),
    number,
  );
  return { element: h("div", { class: "facet", "data-facet": "mrl" }, row), draw };
}

const FILTERS = [
  accessFilter(),
  choices(
    "Kind",
    "kind",
    KINDS.map((kind) => [kind, kindLabel(kind), h("span", { class: `dot k${kindColour(kind)}` })]),
  ),
  LANGUAGES.length > 1 ? languageFilter() : null,
  rangeSlider(
    "Dimension",
    "dim",
    MODELS.map((model) => [...model.dimensions, model.dimensionRange?.min ?? null, model.dimensionRange?.max ?? null]),
    "",
    String,
  ),
  matryoshkaFilter(),
  rangeSlider(
    "Context",
    "ctx",
    MODELS.map((model) => [model.context]),
    "tokens",
    whole,
  ),
  rangeSlider(
    "Size",
    "size",
    MODELS.map((model) => [model.parameterCount]),
    "parameters",
    compact,
  ),
  choices(
    "Licence",
    "lic",
    LICENSE_CLASSES.map((word) => [word, sentence(word), null]),
  ),
  choices(
    "How the facts are known",
    "ev",
    EVIDENCE.filter((_, way) => MODELS.some((model) => model.evidence === way)).map((way) => [
      way.key,
      way.label,
      icon(way.icon, way.mark),
    ]),
  ),
].filter(Boolean);

function initFilters() {
  $("filters").append(...FILTERS.map((filter) => filter.element));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  // There is one form. It moves to the sheet while that is open: where the side has no room, the sheet is the way to it.
  $("filters-open").addEventListener("click", () => {
    $("sheet-body").append($("filters"));
    $("sheet").showModal();
    $("sheet-title").focus();
  });
  $("sheet-close").addEventListener("click", () => $("sheet").close());
  $("sheet").addEventListener("close", () => {
    $("side").append($("filters"));
    $("filters-open").focus();
  });
  narrow.addEventListener("change", () => $("sheet").open && $("sheet").close());
}

function drawFilters() {
  for (const filter of FILTERS) filter.draw();
  const count = activeFilters().length;
  $("filters-open").querySelector("span").textContent = count ? `Filters (${count})` : "Filters";
  $("sheet-close").textContent = `Show ${counted(view.shown.length, "model")}`;
}

const rangeWords = ([low, high], format) =>
  low !== null && high !== null
    ? low === high
      ? format(low)
      : `${format(low)}–${format(high)}`
    : low !== null
      ? `≥ ${format(low)}`
      : `≤ ${format(high)}`;

/** The filters in use, in words, each with what takes it away. */
function activeFilters() {
  const found = [];
  const put = (label, patch) => found.push({ label, remove: () => update(patch) });
  if (state.open) put(state.open === "hosted" ? "Behind an API" : "Open weights", { open: "" });
  for (const kind of state.kind) put(kindLabel(kind), { kind: toggled(state.kind, kind) });
  for (const tag of state.lang) put(languageName(tag), { lang: toggled(state.lang, tag) });
  if (isSet(state.dim)) put(`Dimension ${rangeWords(state.dim, String)}`, { dim: [null, null] });
  if (state.mrl) put("Matryoshka", { mrl: false });
  if (isSet(state.ctx)) put(`Context ${rangeWords(state.ctx, whole)}`, { ctx: [null, null] });
  if (isSet(state.size)) put(`Size ${rangeWords(state.size, compact)}`, { size: [null, null] });
  for (const word of state.lic) put(`Licence: ${word}`, { lic: toggled(state.lic, word) });
  for (const key of state.ev)
    put(EVIDENCE.find((way) => way.key === key)?.label ?? key, { ev: toggled(state.ev, key) });
  return found;
}

const FILTER_KEYS = ["q", "kind", "open", "lang", "dim", "ctx", "size", "lic", "mrl", "ev"];
const clearAll = () => {
  $("q").value = "";
  update(Object.fromEntries(FILTER_KEYS.map((key) => [key, DEFAULTS[key]])));
};

// Words that people type although a filter is meant.
const MEANT = new Map([
  ...LANGUAGES.map(([tag]) => [languageName(tag).toLowerCase(), ["lang", tag, `that know ${languageName(tag)}`]]),
  ...KINDS.map((kind) => [kindLabel(kind).toLowerCase(), ["kind", kind, `of the kind ${kindLabel(kind)}`]]),
]);

/** Offers the filter that a word of the search stands for: "german" is in no model's name. */
function suggestion() {
  const words = state.q.trim().toLowerCase().split(/\s+/);
  for (const word of words) {
    const [key, value, phrase] = MEANT.get(word) ?? [];
    if (!key || state[key].includes(value) || key === "kind") continue;
    const rest = words.filter((one) => one !== word).join(" ");
    const apply = () => {
      $("q").value = rest;
      update({ q: rest, [key]: [...state[key], value] });
    };
    return h("button", { type: "button", class: "link", onclick: apply }, `Show models ${phrase}`);
  }
  return null;
}

function drawBar() {
  const [shown, all] = [view.shown.length, MODELS.length];
  $("count").replaceChildren(
    h("strong", {}, whole(shown)),
    shown === all ? "" : ` of ${whole(all)}`,
    h("span", { class: shown === all ? "" : "noun" }, all === 1 ? " model" : " models"),
    view.typos && shown ? h("span", { class: "similar" }, " with a similar spelling") : "",
  );
  const active = activeFilters();
  $("chips").replaceChildren(
    ...active.map(({ label, remove }) => h("li", {}, removable(label, remove))),
    ...(active.length + (state.q ? 1 : 0) > 1
      ? [h("li", {}, h("button", { type: "button", class: "link", onclick: clearAll }, "Clear all"))]
      : []),
  );
  $("chips").hidden = !active.length;
  const meant = suggestion();
  $("suggest").replaceChildren(...(meant && shown ? [meant] : []));
  $("empty").hidden = shown > 0;
  $("grid").hidden = shown === 0;
  if (!shown) {
    const [title, hint] = all
      ? ["No model fits", "Take a filter away, or search for something else."]
      : ["No models", "The registry is empty."];
    $("empty").replaceChildren(
      h("h2", {}, title),
      h("p", {}, meant ? ["No name has this word. ", meant] : hint),
      all ? h("button", { type: "button", class: "tool", onclick: clearAll }, "Clear all filters") : "",
    );
  }
}
