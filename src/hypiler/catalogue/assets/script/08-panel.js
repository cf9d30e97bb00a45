// One model: what it is, how it is loaded and stored, and where each fact comes from.

let opener = null; // what gets the focus back when the panel closes
const chosenTabs = new Map(); // the tab that the reader last chose, by list of tabs: it stays from model to model

function openModel(id, from) {
  opener = from ?? null;
  update({ model: id });
  // On a wide screen the panel lies beside the table, where the arrow keys go on.
  if (narrow.matches || from === $("plot-cursor")) $("panel").querySelector("h2")?.focus();
}

function closeModel() {
  const row = table.rows.get(BY_ID.get(state.model)?.index);
  update({ model: "" });
  // To the chart, if the model was opened there; else to the row of the model that is shown now.
  const places = opener === $("plot-cursor") ? [opener, row] : [row, opener];
  (places.find((place) => place?.isConnected && place.checkVisibility()) ?? $("q")).focus({ preventScroll: true });
  opener = null;
}

function initPanel() {
  const panel = $("panel");
  panel.addEventListener("cancel", (event) => {
    event.preventDefault();
    closeModel();
  });
  panel.addEventListener("click", (event) => {
    // Outside the box of a modal dialog lies its backdrop.
    if (event.target === panel && panel.matches(":modal")) closeModel();
  });
  // A sheet of paper is narrow too, but a dialog that is printed must not become modal: those are not part of the flow.
  narrow.addEventListener("change", () => matchMedia("print").matches || drawPanel());
}

function drawPanel() {
  const panel = $("panel");
  const model = BY_ID.get(state.model);
  document.body.classList.toggle("has-panel", Boolean(model));
  if (!model) {
    if (panel.open) panel.close();
    panel.replaceChildren();
    return;
  }
  if (panel.dataset.model !== model.id || !panel.firstChild) {
    panel.dataset.model = model.id;
    panel.replaceChildren(...panelParts(model));
    panel.scrollTop = 0;
  }
  drawPanelButtons(model);
  const modal = panel.matches(":modal");
  if (panel.open && modal !== narrow.matches) panel.close();
  if (!panel.open) {
    // Without `show()`, which would move the focus away from the table.
    if (narrow.matches) {
      panel.showModal();
      panel.querySelector("h2").focus();
    } else panel.setAttribute("open", "");
  }
}

function drawPanelButtons(model) {
  const chosen = state.compare.includes(model.id);
  const button = $("panel-compare");
  button.setAttribute("aria-pressed", String(chosen));
  button.textContent = chosen ? "✓ In the comparison" : "Compare";
}

function panelParts(model) {
  return [
    h(
      "div",
      { class: "panel-head" },
      h(
        "div",
        { class: "panel-top" },
        h(
          "span",
          { class: "kind-line" },
          h("span", { class: `dot k${kindColour(model.type)}` }),
          kindLabel(model.type),
          model.organization ? ` · ${model.organization}` : "",
        ),
        h(
          "button",
          { type: "button", class: "tool square plain", "aria-label": "Close", onclick: closeModel },
          icon("close"),
        ),
      ),
      h("h2", { id: "panel-name", tabindex: -1 }, model.name),
      h(
        "p",
        { class: "panel-id" },
        h("code", {}, model.id),
        copyButton(() => model.id, "the id"),
      ),
      notices(model),
      lead(model),
      h(
        "div",
        { class: "panel-actions" },
        h("button", { type: "button", class: "tool", id: "panel-compare", onclick: () => toggleCompared(model.id) }),
        model.url
          ? h(
              "a",
              { class: "tool", href: model.url, rel: "noopener noreferrer", target: "_blank" },
              hostOf(model.url),
              icon("out"),
            )
          : null,
      ),
    ),
    keyNumbers(model),
    evidencePart(model),
    tabsPart(
      "Load it",
      "code",
      (model.raw.code ?? []).map(([name, lines, lost]) => ({
        name: text(name),
        content: texts(lines).join("\n"),
        lost: texts(lost),
      })),
      "python",
    ),
    tabsPart("Store its vectors", "store", (model.raw.stores ?? []).map(storeTab), "store"),
    scoresPart(model),
    factsPart(model),
    spacesPart(model),
  ].filter(Boolean);
}

/** A store that cannot hold the vectors says why in place of a definition. */
const storeTab = ([name, lines, refused, notes]) => ({
  name: text(name),
  content: refused ? "" : texts(lines).join("\n"),
  refusal: refused ? texts(lines).join("\n") : "",
  lost: texts(notes),
});

const hostOf = (url) => new URL(url).host.replace(/^www\./, "");

function notices(model) {
  const successor = BY_ID.get(model.successor);
  return [
    model.deprecated
      ? h(
          "p",
          { class: "notice warn" },
          h("strong", {}, "Deprecated: "),
          withCode(`${model.deprecated}${/[.!?]$/.test(model.deprecated) ? "" : "."}`),
          successor
            ? [
                " Use ",
                h(
                  "button",
                  { type: "button", class: "link", onclick: () => openModel(successor.id, opener) },
                  successor.name,
                ),
                " instead.",
              ]
            : model.successor
              ? `Successor: ${model.successor}`
              : "",
        )
      : null,
    model.layer ? h("p", { class: "notice" }, `From the layer ${model.layer}`) : null,
  ];
}

/** The registry's own description, which is a fact among the others. */
function lead(model) {
  for (const [, , facts] of model.raw.facts ?? []) {
    for (const [label, lines] of facts)
      if (text(label) === "description") return h("p", { class: "lead" }, texts(lines).join(" "));
  }
  return null;
}

function keyNumbers(model) {
  const numbers = [
    [
      "Dimension",
      dimensionText(model),
      model.dimensions.length > 1 ? model.dimensions.join(", ") : model.dimensionRange ? "any in between" : "",
    ],
    ["Context", model.context === null ? "" : whole(model.context), "tokens"],
    ["Parameters", model.parameters ?? compact(model.parameterCount), ""],
    ["Licence", model.license?.replace(/^LicenseRef-/, "") ?? "", model.licenseClass ?? ""],
    [
      "Languages",
      model.languages.length > 3 ? String(model.languages.length) : model.languages.map(languageName).join(", "),
      "",
    ],
    ["Released", model.date ?? "", ""],
  ].filter(([, value]) => value);
  return h(
    "dl",
    { class: "numbers" },
    numbers.map(([title, value, note]) =>
      h("div", {}, h("dt", {}, title), h("dd", {}, value, note ? h("small", {}, note) : "")),
    ),
  );
}

function evidencePart(model) {
  const total = model.counts.reduce((sum, one) => sum + one, 0);
  if (!total) return null;
  const ways = EVIDENCE.map((way, at) => ({ ...way, count: model.counts[at] })).filter((way) => way.count);
  const bar = h(
    "div",
    { class: "evidence-bar", "aria-hidden": "true" },
    ways.map((way) => {
      const part = h("span", { class: way.mark });
      part.style.setProperty("flex-grow", String(way.count));
      return part;
    }),
  );
  return h(
    "section",
    { class: "evidence-part", "aria-label": "How the facts are known" },
    bar,
    h(
      "ul",
      {},
      ways.map((way) =>
        h(
          "li",
          { title: way.note },
          icon(way.icon, way.mark),
          h("strong", {}, way.count),
          ` ${way.label.toLowerCase()}`,
        ),
      ),
    ),
  );
}

const TOKENS = {
  python:
    /(?<comment>#.*)|(?<string>(?:[rbf]{0,2})(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|(?<word>\b(?:from|import|as|def|class|return|for|in|if|else|with|not|and|or|is|lambda|while|try|except|raise|None|True|False|await|async)\b)|(?<number>\b\d[\d_.]*\b)/g,
  store:
    /(?<comment>--.*|#.*|\/\/.*)|(?<string>"(?:\\.|[^"\\\n])*"|'(?:''|[^'\n])*')|(?<word>\b(?:CREATE|TABLE|INDEX|EXTENSION|IF|NOT|EXISTS|ON|USING|WITH|PRIMARY|KEY|NULL|COMMENT|COLUMN|IS|VIRTUAL|SELECT|FROM|ORDER|BY|LIMIT|WHERE|import|from|as|def|return|true|false|null|None|True|False)\b)|(?<number>\b\d[\d_.]*\b)/g,
};

/** Code with comments, texts and words told apart. Only text nodes are made of it. */
function coloured(code, grammar) {
  const parts = [];
  let done = 0;
  for (const match of code.matchAll(TOKENS[grammar])) {
    const [kind] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    parts.push(code.slice(done, match.index), h("span", { class: `t-${kind}` }, match[0]));
    done = match.index + match[0].length;
  }
  return [...parts, code.slice(done)];
}

/** Tabs as the practices of ARIA describe them: one stop of Tab, arrows move between tabs. */
function tabsPart(title, key, tabs, grammar) {
  if (!tabs.length) return null;
  const start = Math.max(
    0,
    tabs.findIndex((tab) => tab.name === chosenTabs.get(key)),
  );
  const panel = h("div", { class: "tab-panel", role: "tabpanel", id: `${key}-panel` });
  const buttons = tabs.map((tab, at) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `${key}-tab-${at}`,
        "aria-controls": `${key}-panel`,
        onclick: () => choose(at),
      },
      tab.name,
      tab.refusal
        ? h("span", { class: "lossy not", title: "Not possible" }, "✕")
        : tab.lost.length && key === "code"
          ? h("span", { class: "lossy", title: "Something is lost" })
          : null,
    ),
  );
  function choose(at, focus = false) {
    buttons.forEach((button, one) => {
      button.setAttribute("aria-selected", String(one === at));
      button.tabIndex = one === at ? 0 : -1;
    });
    if (focus) buttons[at].focus();
    chosenTabs.set(key, tabs[at].name);
    const { content, refusal, lost, name } = tabs[at];
    const what = key === "code" ? `the code for ${name}` : `the definition for ${name}`;
    panel.setAttribute("aria-labelledby", `${key}-tab-${at}`);
    // What is lost stands above the code, so the same words at its top are not said twice.
    panel.replaceChildren(
      ...(refusal ? [h("div", { class: "lost" }, h("strong", {}, "Not possible: "), withCode(refusal))] : []),
      ...(lost.length
        ? [
            h(
              "div",
              { class: "lost" },
              h("strong", {}, key === "code" ? "What is lost" : "Note"),
              h(
                "ul",
                {},
                lost.map((one) => h("li", {}, withCode(one))),
              ),
            ),
          ]
        : []),
      ...(content
        ? [
            h(
              "div",
              { class: `code ${key}` },
              h("pre", { tabindex: 0 }, h("code", {}, coloured(content, grammar))),
              copyButton(() => content, what),
            ),
          ]
        : []),
    );
  }
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": title }, buttons);
  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    choose((next + buttons.length) % buttons.length, true);
  });
  choose(start);
  return h("section", { class: "part" }, h("h3", {}, title), list, panel);
}

/** Words between backquotes as code; the id of a model opens it. */
function withCode(words) {
  const codeOf = (part) => {
    const other = BY_ID.get(part);
    if (!other) return h("code", {}, part);
    return h("button", { type: "button", class: "link", onclick: () => openModel(other.id, opener) }, part);
  };
  return words.split(/`([^`]+)`/).map((part, at) => (at % 2 ? codeOf(part) : part));
}

function scoresPart(model) {
  const scores = (model.raw.scores ?? []).filter(([set]) => SCORE_SETS[set]);
  if (!scores.length) return null;
  return h(
    "section",
    { class: "part" },
    h("h3", {}, "Scores"),
    h(
      "ul",
      { class: "scores" },
      scores.map(([set, value, reporter, src]) => {
        const one = SCORE_SETS[set];
        const by = text(reporter);
        const place = MODELS.filter((other) => (other.scores.get(set)?.value ?? -Infinity) > value).length + 1;
        return h(
          "li",
          {},
          h("span", { class: "score-value" }, scoreText(value)),
          h(
            "div",
            {},
            h("strong", {}, one.label),
            h("p", { class: "sub" }, shortText(one.datasets, 90), by ? ` · reported by ${by}` : ""),
            one.count > 1
              ? h(
                  "p",
                  { class: "sub" },
                  `number ${place} of ${one.count} models with this score · `,
                  h(
                    "button",
                    {
                      type: "button",
                      class: "link",
                      onclick: () =>
                        update({ set, chart: narrow.matches ? "1" : "", ...(narrow.matches ? { model: "" } : {}) }),
                    },
                    "show in the chart",
                  ),
                )
              : "",
            sourceLine(source(src)),
          ),
        );
      }),
    ),
  );
}

/** A long text that starts short and opens. */
function shortText(words, most) {
  if (!words || words.length <= most + 20) return words ?? "";
  const more = h("button", { type: "button", class: "link", "aria-expanded": "false" }, "more");
  const first = h("span", {}, shortened(words, most), " ");
  more.addEventListener("click", () => {
    first.textContent = words;
    more.remove();
  });
  return [first, more];
}

function sourceLine(found) {
  if (!found) return null;
  return h(
    "p",
    { class: "source" },
    found.url
      ? [outward(shortened(found.text, 120), found.url), found.text.length > 140 ? shortTail(found.text) : ""]
      : shortText(found.text, 150),
  );
}

function shortTail(words) {
  const shown = shortened(words, 120);
  const more = h("button", { type: "button", class: "link", "aria-expanded": "false" }, "more");
  more.addEventListener("click", () => more.replaceWith(h("span", { class: "rest" }, words.slice(shown.length - 2))));
  return [" ", more];
}

function factsPart(model) {
  const sections = model.raw.facts ?? [];
  if (!sections.length) return null;
  const body = sections.map(([title, src, facts]) =>
    h(
      "section",
      { class: "facts" },
      h("h4", {}, sentence(text(title)), h("span", { class: "line" })),
      sourceLine(source(src)),
      h(
        "dl",
        {},
        facts.map(([label, lines, factSource, how]) => factRow(text(label), texts(lines), source(factSource), how)),
      ),
    ),
  );
  return h("section", { class: "part" }, h("h3", {}, "All facts"), body);
}

function factRow(label, lines, found, how) {
  const way = EVIDENCE[how ?? -1];
  return h(
    "div",
    { class: "fact" },
    h("dt", {}, breakable(label)),
    h(
      "dd",
      {},
      h(
        "div",
        { class: lines.every((line) => /^[0-9a-f]{40,64}$/.test(line)) ? "fact-value hash" : "fact-value" },
        lines.map((line) => h("div", {}, line)),
      ),
      way
        ? h(
            "span",
            { class: "how", title: `${way.label}: ${way.note}` },
            icon(way.icon, way.mark),
            h("span", { class: "hidden" }, way.label),
          )
        : "",
      sourceLine(found),
    ),
  );
}

/** Names of fields may break behind an underscore or a point. */
const breakable = (name) =>
  name.split(/(?<=[_.])/).flatMap((part, at) => (at ? [document.createElement("wbr"), part] : [part]));

function spacesPart(model) {
  const spaces = model.raw.spaces ?? [];
  if (!spaces.length) return null;
  return h(
    "section",
    { class: "part" },
    h("h3", {}, "Vector spaces"),
    h("p", { class: "sub" }, "Vectors can be compared if their space has the same id."),
    h(
      "dl",
      { class: "spaces" },
      spaces.map(([output, side, id]) =>
        h(
          "div",
          {},
          h("dt", {}, [text(output), text(side)].filter(Boolean).join(", ") || "default"),
          h(
            "dd",
            {},
            h("code", {}, text(id)),
            copyButton(() => text(id), "the space id"),
          ),
        ),
      ),
    ),
  );
}
