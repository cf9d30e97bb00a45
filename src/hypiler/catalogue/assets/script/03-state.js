// What is shown, and its form in the address: #q=bge&kind=dense&dim=..512&model=bge-m3. A key at its default is left out.

const LISTS = ["kind", "lang", "lic", "ev", "compare"];
const RANGES = ["dim", "ctx", "size"];
const WORDS = ["q", "open", "sort", "x", "model", "view", "chart"];
const AXES = ["size", "dim", "ctx", "date"];
const MOST_COMPARED = 4;
/** Each value of a list is a button on the page. No view needs more of them; a broken link could have thousands. */
const MOST_VALUES = 60;

const DEFAULTS = Object.freeze({
  q: "",
  kind: [],
  open: "",
  lang: [],
  dim: [null, null],
  ctx: [null, null],
  size: [null, null],
  lic: [],
  mrl: false,
  ev: [],
  sort: "",
  set: 0,
  x: "size",
  chart: "",
  model: "",
  compare: [],
  view: "",
});
let state = { ...DEFAULTS };

function readRange(word) {
  const [low, high] = (word ?? "").split("..");
  const number = (part) => (part && Number.isFinite(Number(part)) ? Number(part) : null);
  return [number(low), number(high)];
}

/** The state that an address describes. Whatever this registry does not have is left out, so old links still open. */
function readAddress(hash) {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const found = { ...DEFAULTS };
  for (const key of LISTS) {
    found[key] = [...new Set((parameters.get(key) ?? "").split(",").filter(Boolean))].slice(0, MOST_VALUES);
  }
  for (const key of RANGES) found[key] = readRange(parameters.get(key));
  for (const key of WORDS) found[key] = parameters.get(key) ?? DEFAULTS[key];
  found.mrl = parameters.get("mrl") === "1";
  found.set = Math.max(
    0,
    SCORE_SETS.findIndex((set) => set.key === parameters.get("set")),
  );
  if (!AXES.includes(found.x)) found.x = DEFAULTS.x;
  if (!["open", "hosted"].includes(found.open)) found.open = DEFAULTS.open;
  if (!BY_ID.has(found.model)) found.model = "";
  found.compare = found.compare.filter((id) => BY_ID.has(id)).slice(0, MOST_COMPARED);
  if (found.view !== "compare" || found.compare.length < 2) found.view = "";
  return found;
}

/** Commas, colons and slashes stay readable: nothing in a fragment needs them escaped. */
const escape = (value) =>
  encodeURIComponent(value).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%2F/g, "/").replace(/%20/g, "+");

function writeAddress(from) {
  const parts = [];
  const put = (key, value) => value && parts.push(`${key}=${escape(value)}`);
  const range = ([low, high]) => (low === null && high === null ? "" : `${low ?? ""}..${high ?? ""}`);
  put("q", from.q.trim());
  put("kind", from.kind.join(","));
  put("open", from.open);
  put("lang", from.lang.join(","));
  for (const key of RANGES) put(key, range(from[key]));
  put("lic", from.lic.join(","));
  put("mrl", from.mrl ? "1" : "");
  put("ev", from.ev.join(","));
  put("sort", from.sort);
  if (from.set) put("set", SCORE_SETS[from.set].key);
  if (from.x !== DEFAULTS.x) put("x", from.x);
  put("chart", from.chart);
  put("model", from.model);
  put("compare", from.compare.join(","));
  put("view", from.view);
  return parts.length ? `#${parts.join("&")}` : "";
}

const listeners = [];
/** Calls `listener(changed)` after each change, with the set of changed keys. */
const onChange = (listener) => listeners.push(listener);

function show(next) {
  const changed = new Set(Object.keys(DEFAULTS).filter((key) => String(next[key]) !== String(state[key])));
  state = next;
  for (const listener of listeners) listener(changed);
}

/**
 * Changes the state and the address. `push` makes an entry that the Back button returns from; typing does not, or each
 * letter would be one.
 */
function update(patch, { push = true } = {}) {
  const next = { ...state, ...patch };
  if (next.view === "compare" && next.compare.length < 2) next.view = "";
  const address = writeAddress(next);
  if (address !== writeAddress(state)) {
    const url = address || location.pathname + location.search;
    // A page inside a frame without an origin may not touch the history; the view still works there.
    try {
      history[push ? "pushState" : "replaceState"](null, "", url);
    } catch {
      // The address stays as it was.
    }
  }
  show(next);
}

const toggled = (list, value) => (list.includes(value) ? list.filter((one) => one !== value) : [...list, value]);

/** Chooses a model for the comparison, or puts it back. */
function toggleCompared(id) {
  if (!state.compare.includes(id) && state.compare.length >= MOST_COMPARED) {
    toast(`At most ${MOST_COMPARED} models are compared: remove one first`);
    return;
  }
  update({ compare: toggled(state.compare, id) }, { push: false });
}
