// The registry as the page uses it. The data script holds JSON that the compiler wrote: see docs/catalogue.md.
// Keys that are missing there stand for null, an empty list or false.

/** @typedef {{set: number, value: number, reporter: string, source: Source | null}} Score */
/** @typedef {{text: string, url: string | null}} Source */

const DATA = JSON.parse(document.getElementById("data").textContent);

// Texts are packed: "~~" is a tilde, and "~" with seven digits is a copy of a part of an earlier text (number, start and
// length, in three, two and two digits). Each is unpacked when it is first shown, so opening the page costs nothing for it.
const PACKED = DATA.strings ?? [];
const unpacked = new Array(PACKED.length);
const DIGITS = new Map([...(DATA.digits ?? "")].map((digit, value) => [digit, value]));
const numeral = (digits) => [...digits].reduce((sum, digit) => sum * DIGITS.size + DIGITS.get(digit), 0);

/** The text behind an index of the table of strings. */
function text(ref) {
  if (ref === null || ref === undefined || !(ref in PACKED)) return "";
  unpacked[ref] ??= PACKED[ref].replace(/~(~|.{7})/gs, (_, code) => {
    if (code === "~") return "~";
    const start = numeral(code.slice(3, 5));
    return text(numeral(code.slice(0, 3))).slice(start, start + numeral(code.slice(5)));
  });
  return unpacked[ref];
}
const texts = (refs) => (refs ?? []).map(text);

/** A link that a browser may follow; every other scheme, such as javascript:, is no link. */
function safeUrl(url) {
  if (typeof url !== "string") return null;
  try {
    const { protocol } = new URL(url);
    return protocol === "https:" || protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}

/** @returns {Source | null} */
function source(index) {
  const found = (DATA.sources ?? [])[index ?? -1];
  return found ? { text: text(found[0]), url: safeUrl(text(found[1])) } : null;
}

const EVIDENCE = [
  { key: "verified", icon: "verified", label: "Verified", note: "equal to the model's own files at its commit" },
  { key: "copy", icon: "copyof", label: "Agrees with a copy", note: "equal to a copy of the files, commit unknown" },
  { key: "sourced", icon: "sourced", label: "Sourced", note: "read at the source that is named" },
  { key: "unsourced", icon: "unsourced", label: "No source", note: "the registry names no source" },
  { key: "differs", icon: "differs", label: "Contradicted", note: "the model's own files say something else" },
].map((way) => ({ ...way, mark: `e-${way.key}` }));

// The names of kinds for people. A kind that is not listed is shown as the registry writes it.
const KIND_LABELS = {
  colbert: "Late interaction",
  dense: "Dense",
  reranker: "Reranker",
  sparse: "Sparse",
  static: "Static",
  "time-series": "Time series",
  unified: "Unified",
  "vision-language": "Vision-language",
};
const kindLabel = (kind) => (Object.hasOwn(KIND_LABELS, kind) ? KIND_LABELS[kind] : kind);

const languageNames = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
const languageCache = new Map([
  ["mul", "Multilingual"],
  ["und", "Undetermined"],
  ["zxx", "No language"],
]);
/** The English name of a language tag, or the tag where the browser has none. */
function languageName(tag) {
  if (!languageCache.has(tag)) {
    let name = tag;
    try {
      name = languageNames.of(tag) ?? tag;
    } catch {
      // Not the form of a language tag: shown as it is.
    }
    languageCache.set(tag, name);
  }
  return languageCache.get(tag);
}

const SCORE_SETS = (DATA.scoreSets ?? []).map((set, index) => ({
  ...set,
  index,
  key: [set.benchmark, set.metric, set.datasets].join(":"),
  label: [set.benchmark, set.metric].filter(Boolean).join(" "),
  count: 0,
  min: Infinity,
  max: -Infinity,
}));

/** Everything about a model that filtering, sorting and drawing ask for, worked out once. */
function prepare(raw, index) {
  const languages = raw.languages ?? [];
  const dimensions = raw.dimensions ?? null;
  const list = Array.isArray(dimensions) ? dimensions : null;
  const range = dimensions && !list ? dimensions : null;
  const scores = new Map();
  for (const [set, value, reporter, src] of raw.scores ?? []) {
    // The first of a set is the one that the registry puts first.
    if (!scores.has(set) && SCORE_SETS[set]) scores.set(set, { set, value, reporter, src });
  }
  for (const { set, value } of scores.values()) {
    const one = SCORE_SETS[set];
    one.count += 1;
    one.min = Math.min(one.min, value);
    one.max = Math.max(one.max, value);
  }
  return {
    raw,
    index,
    id: raw.id,
    name: raw.name || raw.id,
    type: raw.type ?? "",
    organization: raw.organization ?? "",
    license: raw.license ?? raw.licence ?? null,
    licenseClass: raw.licenseClass ?? raw.licenceClass ?? null,
    languages,
    languageSet: new Set(languages.flatMap((tag) => [tag, tag.split("-")[0]])),
    modalities: raw.modalities ?? [],
    dimension: raw.dimension ?? null,
    dimensions: list ?? (raw.dimension && !range ? [raw.dimension] : []),
    dimensionRange: range,
    context: raw.context ?? null,
    parameters: raw.parameters ?? null,
    parameterCount: raw.parameterCount ?? null,
    matryoshka: Boolean(raw.matryoshka),
    multiVector: Boolean(raw.multiVector),
    hosted: Boolean(raw.hosted),
    date: raw.date ?? null,
    deprecated: raw.deprecated ?? null,
    successor: raw.successor ?? null,
    url: safeUrl(raw.url),
    aliases: raw.aliases ?? [],
    evidence: raw.evidence ?? 3,
    counts: EVIDENCE.map((_, way) => raw.counts?.[way] ?? 0),
    layer: raw.layer ?? null,
    scores,
  };
}

const MODELS = DATA.models.map(prepare);
const BY_ID = new Map(MODELS.map((model) => [model.id, model]));

/** How often each value occurs, the most frequent first. */
function tally(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

const KINDS = tally(MODELS.map((model) => model.type)).map(([kind]) => kind);
/** The number of a kind's colour, 0 to 7: see the palette in page.css. */
const kindColour = (kind) => Math.max(0, KINDS.indexOf(kind)) % 8;
const LANGUAGES = tally(MODELS.flatMap((model) => [...model.languageSet]));
const LICENSE_CLASSES = (DATA.licenceClasses ?? DATA.licenseClasses ?? []).filter((word) =>
  MODELS.some((model) => model.licenseClass === word),
);
