// Which part is shown, by the address; the theme; what is printed.

const VIEWS = [
  ["overview", "Overview", overview],
  ["findings", "Findings", findings, () => FINDINGS.length],
  DATA.roll && ["identities", "Identities", identities, () => ROLL.identities.length],
  DATA.roll && ["credentials", "Credentials", credentials, () => ROLL.credentials.length],
  DATA.roll && ["graph", "Graph", graph],
  ["coverage", "Coverage", coverage, () => DATA.troubles.length && `${number(DATA.troubles.length)} unseen`],
  ["exceptions", "Exceptions", exceptions, () => ROLL.exceptions.length + FINDINGS.filter((one) => one.accepted).length],
].filter(Boolean);

const MAIN = document.getElementById("main");
const PARTS = document.getElementById("parts");
const BUILT = new Map();
const PAGE = el("section", { class: "view screen", hidden: true });

for (const [name, title, , count] of VIEWS) {
  const more = count ? count() : 0;
  PARTS.append(el("li", null, el("a", { href: `#${name}`, "data-view": name }, title, more ? ` (${typeof more === "number" ? number(more) : more})` : "")));
  MAIN.append(el("section", { class: `view ${name === "graph" ? "screen" : ""}`, id: `view-${name}`, hidden: true }));
}
MAIN.append(PAGE);

function built(name) {
  if (!BUILT.has(name)) {
    const [, , build] = VIEWS.find(([one]) => one === name);
    BUILT.set(name, build(document.getElementById(`view-${name}`)) || (() => {}));
  }
  return BUILT.get(name);
}

let first = true;

function go() {
  const [address, query] = location.hash.slice(1).split("?");
  const [asked, which] = address.split("/");
  const isPage = asked === "identity" && Boolean(DATA.roll);
  const name = isPage ? "identities" : VIEWS.some(([one]) => one === asked) ? asked : "overview";
  const shown = isPage ? PAGE : document.getElementById(`view-${name}`);
  for (const view of document.querySelectorAll(".view")) view.hidden = view !== shown;
  for (const link of PARTS.querySelectorAll("a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.body.classList.toggle("one", isPage);
  PAGE.classList.toggle("screen", !isPage);
  if (isPage) identityPage(PAGE, Number(which));
  else built(name)(Object.fromEntries(new URLSearchParams(query || "")));
  const heading = shown.querySelector("h1");
  document.title = `${heading ? heading.textContent : "Report"} - keymuster`;
  if (!first && heading && !(name === "graph" && query)) { heading.focus({ preventScroll: true }); window.scrollTo(0, 0); }
  first = false;
}

window.addEventListener("hashchange", go);

// --- the theme -------------------------------------------------------------------------------------

const THEME = document.getElementById("theme");

// A file has no storage in some browsers; then the choice lasts as long as the page.
function kept(value) {
  try {
    if (value === undefined) return localStorage.getItem("keymuster-theme") || "";
    localStorage.setItem("keymuster-theme", value);
  } catch { /* it is kept nowhere */ }
  return "";
}

function themed(value) {
  if (value) document.documentElement.dataset.theme = value;
  else delete document.documentElement.dataset.theme;
}

THEME.value = kept();
themed(THEME.value);
THEME.addEventListener("change", () => { themed(THEME.value); kept(THEME.value); });

// --- paper -----------------------------------------------------------------------------------------

// All parts, and as many rows as anybody would read; on the page of an identity, that page.
window.addEventListener("beforeprint", () => {
  if (!document.body.classList.contains("one")) {
    for (const [name] of VIEWS) {
      if (name === "graph") continue;
      const set = BUILT.has(name) ? null : built(name);
      if (set) set({});
    }
  }
  for (const one of LISTS) if (one.table.isConnected) one.draw(true);
});
window.addEventListener("afterprint", () => { for (const one of LISTS) if (one.table.isConnected) one.draw(false); });

go();
