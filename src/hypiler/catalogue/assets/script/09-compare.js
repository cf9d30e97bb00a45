// Up to four models side by side.

let onlyDifferences = false;

function drawTray() {
  const tray = $("tray");
  const { compare } = state;
  tray.hidden = !compare.length;
  document.body.classList.toggle("has-tray", compare.length > 0);
  tray.replaceChildren(
    h(
      "ul",
      {},
      compare.map((id) =>
        h(
          "li",
          {},
          removable(BY_ID.get(id).name, () => toggleCompared(id)),
        ),
      ),
    ),
    h(
      "div",
      { class: "tray-end" },
      h(
        "button",
        {
          type: "button",
          class: "tool primary",
          disabled: compare.length < 2,
          onclick: () => update({ view: "compare" }),
        },
        compare.length < 2 ? "Choose another to compare" : `Compare ${compare.length}`,
      ),
      h("button", { type: "button", class: "tool plain", onclick: () => update({ compare: [] }) }, "Clear"),
    ),
  );
}

function initCompare() {
  const dialog = $("compare");
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    update({ view: "" });
  });
}

/** The rows of the comparison: sections with the facts that at least one of the models has. */
function comparison(models) {
  const score = (model) => {
    const found = model.scores.get(state.set);
    return found ? scoreText(found.value) : "";
  };
  // The third word is the fact that a row shows in other words, which is then left out below.
  const overview = [
    ["Organization", (model) => model.organization, "organization"],
    ["Kind", (model) => kindLabel(model.type), "model_type"],
    ["Dimension", dimensionText, "embedding_dim"],
    ["Context", (model) => (model.context === null ? "" : `${whole(model.context)} tokens`), "context_length"],
    ["Parameters", (model) => model.parameters ?? compact(model.parameterCount), "parameters"],
    [
      "Languages",
      (model) =>
        model.languages.length > 6
          ? `${model.languages.length} languages`
          : model.languages.map(languageName).join(", "),
      "languages",
    ],
    ["Licence", (model) => [model.license, model.licenseClass].filter(Boolean).join(", "), "license"],
    ["Released", (model) => model.date ?? "", "release_date"],
    ["Access", (model) => (model.hosted ? "Behind an API" : "Open weights")],
    ["Matryoshka", (model) => (model.matryoshka ? "yes" : "no"), "matryoshka"],
    ...(SCORE_SETS.length ? [[SCORE_SETS[state.set].label, score]] : []),
  ];
  const told = new Set(["id", "name", ...overview.map(([, , fact]) => fact)]);
  const wayOf = (model, fact) => {
    const found = (model.raw.facts ?? []).flatMap(([, , facts]) => facts).find(([label]) => text(label) === fact);
    return found && EVIDENCE[found[3] ?? -1];
  };
  const sections = new Map([
    [
      "overview",
      new Map(
        overview.map(([label, of, fact]) => [
          label,
          models.map((model) => ({
            lines: of(model) ? [of(model)] : [],
            way: fact && of(model) ? wayOf(model, fact) : undefined,
          })),
        ]),
      ),
    ],
  ]);
  models.forEach((model, column) => {
    for (const [title, , facts] of model.raw.facts ?? []) {
      const name = text(title);
      if (!sections.has(name)) sections.set(name, new Map());
      for (const [label, lines, , how] of facts) {
        const rows = sections.get(name);
        const key = text(label);
        if (told.has(key)) continue;
        if (!rows.has(key))
          rows.set(
            key,
            models.map(() => ({ lines: [] })),
          );
        rows.get(key)[column] = { lines: texts(lines), way: EVIDENCE[how ?? -1] };
      }
    }
  });
  return sections;
}

/** The value of the set that is best, if they differ: the only row of which the page knows which way is good. */
function bestColumn(models) {
  const values = models.map((model) => model.scores.get(state.set)?.value ?? null);
  const known = values.filter((value) => value !== null);
  if (known.length < 2 || new Set(known).size < 2) return -1;
  return values.indexOf(Math.max(...known));
}

function drawCompare() {
  const dialog = $("compare");
  if (state.view !== "compare") {
    if (dialog.open) {
      dialog.close();
      $("tray").querySelector("button.primary")?.focus({ preventScroll: true });
    }
    return;
  }
  const models = state.compare.map((id) => BY_ID.get(id));
  const filter = h("input", {
    type: "checkbox",
    role: "switch",
    id: "only-differences",
    onchange: () => {
      onlyDifferences = filter.checked;
      drawCompare();
      $("only-differences").focus();
    },
  });
  filter.checked = onlyDifferences;
  const best = bestColumn(models);
  let differing = 0;
  const bodies = [...comparison(models)]
    .map(([title, rows]) => {
      const lines = [...rows]
        .map(([label, cells]) => {
          const values = cells.map((one) => one.lines.join("\n"));
          const [[most, times], ...others] = tally(values);
          const differs = others.length > 0;
          // What stands out from two or more that agree; where all differ, no one does.
          const odd = (column) => differs && times > 1 && values[column] !== most;
          differing += differs;
          if (onlyDifferences && !differs) return null;
          const top = title === "overview" && SCORE_SETS.length && label === SCORE_SETS[state.set].label ? best : -1;
          return h(
            "tr",
            { class: differs ? "differs" : null },
            h("th", { scope: "row" }, breakable(label), differs ? h("span", { class: "hidden" }, ", differs") : ""),
            cells.map((one, column) =>
              h(
                "td",
                { class: [column === top && "best", odd(column) && "odd"].filter(Boolean).join(" ") || null },
                one.lines.length ? one.lines.map((line) => h("div", {}, line)) : missing(),
                one.way ? h("span", { class: "how", title: one.way.label }, icon(one.way.icon, one.way.mark)) : "",
                column === top ? h("span", { class: "best-mark" }, "highest") : "",
              ),
            ),
          );
        })
        .filter(Boolean);
      return lines.length
        ? h(
            "tbody",
            {},
            h("tr", { class: "section" }, h("th", { scope: "rowgroup", colspan: models.length + 1 }, sentence(title))),
            lines,
          )
        : null;
    })
    .filter(Boolean);
  const head = h(
    "thead",
    {},
    h(
      "tr",
      {},
      h("td", {}, h("span", { class: "hidden" }, "Fact")),
      models.map((model) =>
        h(
          "th",
          { scope: "col" },
          h(
            "span",
            { class: "kind-line" },
            h("span", { class: `dot k${kindColour(model.type)}` }),
            kindLabel(model.type),
          ),
          h(
            "button",
            { type: "button", class: "link name", onclick: () => update({ view: "", model: model.id }) },
            model.name,
          ),
          h(
            "button",
            {
              type: "button",
              class: "tool square plain",
              "aria-label": `Remove ${model.name}`,
              onclick: () => {
                toggleCompared(model.id);
                (dialog.open ? dialog.querySelector("h2") : $("q")).focus();
              },
            },
            icon("close"),
          ),
        ),
      ),
    ),
  );
  const scrolled = dialog.querySelector(".compare-body")?.scrollTop ?? 0;
  dialog.replaceChildren(
    h(
      "div",
      { class: "compare-head" },
      h("h2", { id: "compare-title", tabindex: -1 }, `${counted(models.length, "model")} side by side`),
      h("p", { class: "sub" }, `${counted(differing, "fact")} that differ${differing === 1 ? "s" : ""}`),
      h("label", { class: "choice" }, filter, h("span", { class: "word" }, "Differences only")),
      h(
        "button",
        { type: "button", class: "tool", onclick: () => copy(location.href, "link") },
        icon("link"),
        h("span", {}, "Copy link"),
      ),
      h(
        "button",
        {
          type: "button",
          class: "tool square plain",
          "aria-label": "Close the comparison",
          onclick: () => update({ view: "" }),
        },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "compare-body", tabindex: 0, role: "region", "aria-labelledby": "compare-title" },
      h("table", { class: `side-by-side n${models.length}` }, head, bodies),
    ),
  );
  if (!dialog.open) {
    dialog.showModal();
    dialog.querySelector("h2").focus();
  }
  dialog.querySelector(".compare-body").scrollTop = scrolled;
}
