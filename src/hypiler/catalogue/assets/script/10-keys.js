// The theme, the keys that work everywhere, and the page that lists them.

const STORED = "catalogue-theme";

/** The stored theme; a page opened from a file may have no storage. */
function storedTheme() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function storeTheme(theme) {
  try {
    if (theme) localStorage.setItem(STORED, theme);
    else localStorage.removeItem(STORED);
  } catch {
    // The choice lasts as long as the page.
  }
}

const systemTheme = () => (dark.matches ? "dark" : "light");
const theme = () => document.documentElement.dataset.theme ?? systemTheme();

function setTheme(chosen) {
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  const other = theme() === "dark" ? "light" : "dark";
  const button = $("theme");
  button.setAttribute("aria-label", `Use the ${other} theme`);
  button.title = button.getAttribute("aria-label");
  button.replaceChildren(icon(other === "dark" ? "moon" : "sun"));
}

function initTheme() {
  setTheme(storedTheme());
  dark.addEventListener("change", () => setTheme(storedTheme()));
  $("theme").addEventListener("click", () => {
    const next = theme() === "dark" ? "light" : "dark";
    // Choosing what the system has anyway means to follow the system again.
    storeTheme(next === systemTheme() ? null : next);
    setTheme(next === systemTheme() ? null : next);
    recolour();
  });
}

const KEYS = [
  [["/"], "Search"],
  [["↑", "↓"], "Move between models; from the search, ↓ goes to the first one"],
  [["Enter"], "Open the model"],
  [["C", "Space"], "Choose the model for the comparison"],
  [["V"], "Compare the chosen models"],
  [["G"], "Show or hide the chart; ← → move between its points"],
  [["Escape"], "Close, or clear the search"],
  [["?"], "This list"],
];

function openHelp() {
  const dialog = $("help");
  dialog.replaceChildren(
    h(
      "div",
      { class: "help-head" },
      h("h2", { id: "help-title", tabindex: -1 }, "Keyboard and legend"),
      h(
        "button",
        { type: "button", class: "tool square plain", "aria-label": "Close", onclick: () => dialog.close() },
        icon("close"),
      ),
    ),
    h(
      "dl",
      { class: "keys" },
      KEYS.map(([keys, what]) =>
        h(
          "div",
          {},
          h(
            "dt",
            {},
            keys.map((key) => h("kbd", {}, key)),
          ),
          h("dd", {}, what),
        ),
      ),
    ),
    h("h3", {}, "How a fact is known"),
    h(
      "ul",
      { class: "ways" },
      EVIDENCE.map((way) =>
        h("li", {}, icon(way.icon, way.mark), h("span", {}, h("strong", {}, way.label), `: ${way.note}`)),
      ),
    ),
    h("h3", {}, "Sharing"),
    h(
      "p",
      {},
      "The address holds everything that you see: search, filters, order, chart, the open model and the comparison. The page loads nothing from any network.",
    ),
  );
  dialog.showModal();
  dialog.querySelector("h2").focus();
}

function initKeys() {
  $("help-open").addEventListener("click", openHelp);
  for (const id of ["help", "sheet"]) {
    $(id).addEventListener("click", (event) => {
      if (event.target === $(id)) $(id).close();
    });
  }
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const typing = event.target.matches?.("input[type=search], textarea, select");
    if (event.key === "Escape" && !document.querySelector("dialog:modal")) {
      if (typing && state.q) return; // the search clears itself first
      if (state.model) closeModel();
      return;
    }
    if (typing || document.querySelector("dialog:modal")) return;
    const actions = {
      "/": () => {
        $("q").focus();
        $("q").select();
      },
      "?": openHelp,
      v: () =>
        state.compare.length > 1 ? update({ view: "compare" }) : toast("Choose at least two models first, with C"),
      g: () => !$("chart-toggle").hidden && $("chart-toggle").click(),
      ArrowDown: () => event.target === document.body && focusRow(table.active),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    if (event.key !== "ArrowDown" || event.target === document.body) event.preventDefault();
    actions[event.key]();
  });
  $("skip").addEventListener("click", (event) => {
    event.preventDefault();
    focusRow(table.active);
  });
}

function initSearch() {
  const input = $("q");
  input.addEventListener("input", () => update({ q: input.value }, { push: false }));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      focusRow(0);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (!input.value) return input.blur();
      input.value = "";
      update({ q: "" }, { push: false });
    }
  });
}
