// Starts the page, and draws again what a change concerns.

const SELECTS = new Set(["q", ...FACETS, "sort", "set"]);

function draw(changed) {
  const selecting = [...changed].some((key) => SELECTS.has(key));
  if (selecting) {
    select();
    drawFilters();
    drawBar();
    drawTable();
  } else if (changed.has("model") || changed.has("compare")) {
    drawWindow();
  }
  if (selecting || ["x", "chart", "model", "compare"].some((key) => changed.has(key))) drawChart();
  if (changed.has("compare")) drawTray();
  if (changed.has("model") || changed.has("compare")) drawPanel();
  if (changed.has("view") || changed.has("compare") || (changed.has("set") && state.view)) drawCompare();
  const open = BY_ID.get(state.model);
  document.title = open ? `${open.name} · ${DATA.title}` : DATA.title;
}

function followAddress() {
  show(readAddress(location.hash));
  $("q").value = state.q;
}

function start() {
  $("title").textContent = DATA.title || "Models";
  $("subtitle").textContent = `${counted(MODELS.length, "model")} · ${counted(KINDS.length, "kind")}`;
  $("foot").textContent = `Made by ${DATA.generator ?? "hypiler"}. This page loads nothing from any network.`;
  $("q").placeholder = narrow.matches ? "Search models" : $("q").placeholder;
  initTheme();
  initFilters();
  initTable();
  initChart();
  initPanel();
  initCompare();
  initSearch();
  initKeys();
  $("share").addEventListener("click", () => copy(location.href, "link"));
  onChange(draw);
  state = readAddress(location.hash);
  $("q").value = state.q;
  draw(new Set(Object.keys(DEFAULTS)));
  const opened = BY_ID.get(state.model);
  if (opened) setActive(Math.max(0, view.shown.indexOf(opened.index)));
  addEventListener("popstate", followAddress);
  addEventListener("hashchange", followAddress);
  performance.mark("ready"); // the benchmark reads it
  document.documentElement.dataset.ready = "";
}

start();
