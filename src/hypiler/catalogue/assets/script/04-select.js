// Which models are shown, in which order, and how many each filter would show.

// Words for the search, most telling first: matches near the start rank higher.
const HAYSTACK = MODELS.map((model) =>
  uFuzzy.latinize(
    [
      model.name,
      model.id,
      model.organization,
      ...model.aliases,
      kindLabel(model.type),
      model.type,
      model.license ?? "",
      model.matryoshka ? "matryoshka" : "",
      model.hosted ? "hosted" : "",
    ].join("  "),
  ),
);
// The library's expressions for Latin letters are faster; those for every alphabet are taken when a text needs them.
const LATIN = HAYSTACK.every((one) => /^[\x20-\x7f]*$/.test(one));
const LETTERS = LATIN
  ? {}
  : {
      unicode: true,
      interSplit: "[^\\p{L}\\d']+",
      intraSplit: "\\p{Ll}\\p{Lu}",
      intraBound: "\\p{L}\\d|\\d\\p{L}|\\p{Ll}\\p{Lu}",
      intraChars: "[\\p{L}\\d']",
      intraContr: "'\\p{L}{1,2}\\b",
    };
const asWritten = new uFuzzy(LETTERS);
// One letter too many, too few, swapped or wrong per word.
const withTypos = new uFuzzy({ ...LETTERS, intraMode: 1 });
const MOST_SEARCHED = 300; // letters of a query

/**
 * The models that a query finds: `order` by relevance, or null if every model is meant. Spellings that are only similar
 * count where nothing is spelled that way, so that they never hide among exact matches.
 */
function search(query) {
  // A pasted book would be an expression that browsers refuse.
  const needle = uFuzzy.latinize(query.trim().slice(0, MOST_SEARCHED));
  if (!needle) return { order: null, ranges: new Map(), typos: false };
  for (const [engine, typos] of [
    [asWritten, false],
    [withTypos, true],
  ]) {
    const [found, info, order] = engine.search(HAYSTACK, needle, 4, 2000);
    if (found === null) {
      // Nothing but signs or letters of another alphabet: compared as they are.
      const low = needle.toLowerCase();
      const plain = HAYSTACK.flatMap((one, index) => (one.toLowerCase().includes(low) ? [index] : []));
      return { order: plain, ranges: new Map(), typos: false };
    }
    if (found.length) {
      const indices = order ? order.map((one) => info.idx[one]) : found;
      const ranges = new Map(order ? order.map((one) => [info.idx[one], info.ranges[one]]) : []);
      return { order: indices, ranges, typos };
    }
  }
  return { order: [], ranges: new Map(), typos: false };
}

const inside = (value, [low, high]) =>
  value !== null && (low === null || value >= low) && (high === null || value <= high);
const isSet = ([low, high]) => low !== null || high !== null;

/** Whether a model makes vectors of a width in the range, by itself or cut. */
function hasDimension(model, range) {
  const { dimensionRange: cuts, dimensions } = model;
  if (cuts) return (range[1] === null || cuts.min <= range[1]) && (range[0] === null || cuts.max >= range[0]);
  return dimensions.some((one) => inside(one, range));
}

// One test per filter; those that are not in use pass every model.
const TESTS = {
  kind: (model, on) => !on.kind.length || on.kind.includes(model.type),
  open: (model, on) => !on.open || model.hosted === (on.open === "hosted"),
  lang: (model, on) => on.lang.every((tag) => model.languageSet.has(tag)),
  dim: (model, on) => !isSet(on.dim) || hasDimension(model, on.dim),
  ctx: (model, on) => !isSet(on.ctx) || inside(model.context, on.ctx),
  size: (model, on) => !isSet(on.size) || inside(model.parameterCount, on.size),
  lic: (model, on) => !on.lic.length || on.lic.includes(model.licenseClass),
  mrl: (model, on) => !on.mrl || model.matryoshka,
  ev: (model, on) => !on.ev.length || on.ev.includes(EVIDENCE[model.evidence].key),
};
const FACETS = Object.keys(TESTS);
// What a model counts for in each filter that shows numbers.
const FACET_VALUES = {
  kind: (model) => [model.type],
  open: (model) => [model.hosted ? "hosted" : "open"],
  lang: (model) => model.languageSet,
  lic: (model) => [model.licenseClass],
  mrl: (model) => (model.matryoshka ? ["1"] : []),
  ev: (model) => [EVIDENCE[model.evidence].key],
};

const byText = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
// What each column sorts by, and whether its first click puts the largest first.
const SORTS = {
  name: { label: "Name", of: (model) => model.name },
  kind: { label: "Kind", of: (model) => kindLabel(model.type) },
  dim: { label: "Dimension", of: (model) => model.dimension ?? model.dimensionRange?.max ?? null },
  ctx: { label: "Context", of: (model) => model.context, falls: true },
  size: { label: "Size", of: (model) => model.parameterCount },
  langs: { label: "Languages", of: (model) => model.languages.length || null, falls: true },
  lic: { label: "Licence", of: (model) => model.license },
  score: { label: "Score", of: (model) => model.scores.get(state.set)?.value ?? null, falls: true },
  ev: { label: "Evidence", of: (model) => 4 - model.evidence + share(model), falls: true },
  date: { label: "Released", of: (model) => model.date, falls: true },
};
/** The share of the facts that are known in the model's strongest way; orders models that are known equally well. */
function share(model) {
  const total = model.counts.reduce((sum, one) => sum + one, 0);
  return total ? (model.counts[model.evidence] / total) * 0.99 : 0;
}

/** The order in force: the column and its direction. Without one in the address it is the relevance, or the score. */
function ordering() {
  const [, minus, key] = /^(-?)(.*)$/.exec(state.sort);
  if (Object.hasOwn(SORTS, key)) return { key, falls: minus === "-" };
  if (state.q.trim()) return { key: "relevance", falls: false };
  return SCORE_SETS.length ? { key: "score", falls: true } : { key: "name", falls: false };
}

function sorted(indices) {
  const { key, falls } = ordering();
  if (key === "relevance") return indices;
  const keyed = indices.map((index) => [SORTS[key].of(MODELS[index]), index]);
  const direction = falls ? -1 : 1;
  keyed.sort(([a, first], [b, second]) => {
    // Models without the fact come last in both directions.
    if (a === null || b === null) return a === b ? first - second : a === null ? 1 : -1;
    const order = typeof a === "string" ? byText.compare(a, b) : a - b;
    return order * direction || first - second;
  });
  return keyed.map(([, index]) => index);
}

/** What the page shows now; every part of it reads this. */
const view = { shown: [], visible: new Set(), ranges: new Map(), typos: false, facets: {} };
let lastQuery = null;
let lastFound = null;

function select() {
  if (lastQuery !== state.q) {
    lastQuery = state.q;
    lastFound = search(state.q);
  }
  const { order, ranges, typos } = lastFound;
  const candidates = order ?? MODELS.map((_, index) => index);
  const facets = Object.fromEntries(Object.keys(FACET_VALUES).map((key) => [key, new Map()]));
  const passing = [];
  for (const index of candidates) {
    const model = MODELS[index];
    const failed = [];
    for (const key of FACETS) {
      if (!TESTS[key](model, state)) failed.push(key);
      if (failed.length > 1) break;
    }
    if (!failed.length) passing.push(index);
    if (failed.length > 1) continue;
    // A filter's numbers say what choosing a value would show, so the filter itself does not count for them. Languages
    // are different: each one that is added narrows.
    for (const [key, values] of Object.entries(FACET_VALUES)) {
      if (failed.length && (failed[0] !== key || key === "lang")) continue;
      for (const value of values(model)) facets[key].set(value, (facets[key].get(value) ?? 0) + 1);
    }
  }
  Object.assign(view, { shown: sorted(passing), visible: new Set(passing), ranges, typos, facets });
}
