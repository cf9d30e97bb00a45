// Small helpers that make elements. Text of the registry enters the page only here, as text nodes and plain attributes.

const $ = (id) => document.getElementById(id);

/**
 * Makes an element. Keys of `attributes` that start with "on" are listeners; `true` is an empty attribute; false and null
 * leave the attribute out. Children that are strings become text nodes.
 */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** Writes a text where it changed: each write makes the browser lay out again. */
function setText(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

const icon = (name, extra = "") =>
  svg("svg", { class: `icon ${extra}`.trim(), "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));

/** A link to another site, or plain text where the address is no link that may be followed. */
function outward(label, url, className = "") {
  if (!url) return h("span", { class: className || null }, label);
  return h("a", { class: className || null, href: url, rel: "noopener noreferrer", target: "_blank" }, label);
}

/** 22713216 becomes 22.7M. */
function compact(number) {
  if (number === null) return "";
  for (const [unit, size] of [
    ["B", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ]) {
    if (number >= size) return `${Number((number / size).toPrecision(3))}${unit}`;
  }
  return String(number);
}

const grouped = new Intl.NumberFormat("en");
/** 8192 becomes 8,192. */
const whole = (number) => (number === null ? "" : grouped.format(number));
const counted = (number, word) => `${whole(number)} ${word}${number === 1 ? "" : "s"}`;
/** Scores keep the digits that the registry has, at most four behind the point. */
const scoreText = (value) => String(Number(value.toFixed(4)));

function dimensionText(model) {
  const { dimensionRange: range, dimensions, dimension } = model;
  if (range) return `${range.min}–${range.max}`;
  if (dimensions.length > 1) return `${Math.min(...dimensions)}–${Math.max(...dimensions)}`;
  return dimension === null ? "" : String(dimension);
}

/** The names of sections are written as in the format: lower case, with underscores. */
const sentence = (name) => (name ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : "");

let toastTimer = 0;
function toast(message) {
  $("toast").textContent = message;
  $("toast").classList.add("on");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    $("toast").classList.remove("on");
    $("toast").textContent = "";
  }, 2200);
}

/** Copies a text. A page opened from a file has no clipboard in some browsers, so the old way is tried next. */
async function copy(content, what) {
  try {
    await navigator.clipboard.writeText(content);
  } catch {
    const area = h("textarea", { class: "hidden", readonly: true, "aria-hidden": "true" });
    area.value = content;
    (document.querySelector("dialog:modal") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) return toast("The browser does not let this page copy");
  }
  toast(`${what} copied`);
}

const copyButton = (content, what) =>
  h(
    "button",
    { type: "button", class: "copy", "aria-label": `Copy ${what}`, onclick: () => copy(content(), what) },
    icon("copy"),
  );

const dark = matchMedia("(prefers-color-scheme: dark)");
/** Where filters are a sheet and a model fills the screen: the width is also in page.css. */
const narrow = matchMedia("(max-width: 860px)");
