// What was looked at, what came of it, and what could not be seen.

function coverage(view) {
  put(view,
    el("h1", { tabindex: -1 }, "Coverage"),
    el("p", null, "No finding there means that nothing was found only where this page says that it was looked at."),
    !ABOUT.complete && el("p", { class: "notice" }, "The scan was cut short: what comes after is not in this page."),
    el("h2", null, "What was to be looked at"), asked(),
    el("h2", null, "Could not be seen"), unseen(),
    PLACES.size > 0 && [el("h2", null, ABOUT.targets ? "Targets" : "Folders"), places()],
    DATA.coverage.length > 0 && [el("h2", null, "Accounts"), accounts()],
    DATA.undecided.length > 0 && [el("h2", null, "Not decided"), el("p", null, "These policies could neither find nor clear their subject, because something that they ask for is not known here."), undecided()]);
}

function asked() {
  const counts = DATA.counts;
  const scanned = counts.objects !== undefined
    ? `${several(counts.commits || 0, "commit")}, ${several(counts.objects, "file version")}`
    : counts.files !== undefined ? several(counts.files, "file") : "";
  const left = ["names", "values", "rules"].filter((one) => counts[`excluded_by_${one}`]).map((one) => `${number(counts[`excluded_by_${one}`])} values by ${one}`);
  if (counts.excluded) left.push(several(counts.excluded, "file"));
  return pairs([
    ["what", ABOUT.targets ? `an estate of ${several(ABOUT.targets, "target")}` : MODES[ABOUT.mode] || words(ABOUT.mode)], ["scanned", scanned],
    ["paths", ABOUT.paths && ABOUT.paths.map((one) => el("div", { class: "mono" }, one))],
    ["services", ABOUT.services && ABOUT.services.join(", ")], ["signed in as", ABOUT.signed_in_as && ABOUT.signed_in_as.join(", ")],
    ["commits since", ABOUT.since], ["commits in", ABOUT.range && ABOUT.range.join(" ")], ["reports of others", ABOUT.imports && ABOUT.imports.join(", ")],
    ["excluded paths", ABOUT.exclude && ABOUT.exclude.map((one) => el("div", { class: "mono" }, one))], ["left out", left.join(", ")],
    ["only these rules", ABOUT.only && ABOUT.only.join(", ")], ["without these rules", ABOUT.skip && ABOUT.skip.join(", ")],
    ["least confidence", ABOUT.confidence], ["begun", moment(ABOUT.started_at)], ["ended", moment(ABOUT.ended_at)],
  ]);
}

function unseen() {
  if (!DATA.troubles.length) {
    const kept = DATA.coverage.filter((one) => one.why).length;
    return el("p", null, kept ? `Each place could be looked at; in ${several(kept, "account")} some policies could not see all that they ask for.` : "Nothing: each place could be looked at.");
  }
  return shown(list({
    caption: "What could not be seen",
    columns: [
      { title: "Where", class: "word", key: (one) => one.scope, cell: (one) => pathed(one.scope) },
      { title: "Why", class: "word", key: (one) => one.message, cell: (one) => one.message },
      { title: "What would help", class: "word", key: (one) => one.advice || "", cell: (one) => one.advice },
      { title: "Part", stacked: "Part", key: (one) => one.part, cell: (one) => one.part },
    ],
  }), DATA.troubles);
}

// Where was looked: the targets of an estate, or the first folders of paths. What was found there, and what could not be seen.
const PLACES = new Map();
const placeNamed = (name) => { if (!PLACES.has(name)) PLACES.set(name, { name, found: [], accepted: 0, unseen: 0 }); return PLACES.get(name); };
DATA.places.forEach((one) => Object.assign(placeNamed(one.name), one));

// Names of targets may have several parts: the longest that a path begins with is its target.
function placeOf(path) {
  if (!ABOUT.targets) { const end = path.indexOf("/"); return end < 0 ? "." : path.slice(0, end + 1); }
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) if (PLACES.has(path.slice(0, end))) return path.slice(0, end);
  return null;
}

FINDINGS.forEach((one, index) => {
  new Set(one.places.filter((place) => place.file).map((place) => placeOf(place.at)).filter(Boolean)).forEach((name) => {
    if (isAccepted(one)) placeNamed(name).accepted += 1;
    else placeNamed(name).found.push(index);
  });
});
DATA.troubles.forEach((one) => { const name = placeOf(one.scope); if (PLACES.has(name)) PLACES.get(name).unseen += 1; });

const openIn = (one) => (one.open === undefined ? one.found.length : one.open);
const stateOf = (one) => (ABOUT.targets && !one.looked_at ? "never looked at" : one.unseen || !ABOUT.complete ? (openIn(one) ? "found something, not all was seen" : "could not see all") : openIn(one) ? "found something" : "clean");

function places() {
  const files = DATA.places.some((one) => one.files), title = ABOUT.targets ? "Target" : "Folder";
  return shown(list({
    caption: ABOUT.targets ? "Targets" : files ? "Files by folder" : "Folders in which something was found", sorted: 0,
    columns: [
      { title, class: "word", key: (one) => one.name, cell: (one) => (one.name === "." ? "files in no folder" : one.found.length + one.accepted ? el("a", { class: "mono", href: `#findings?text=${encodeURIComponent(one.name)}` }, one.name) : el("span", { class: "mono" }, one.name)) },
      { title: "State", stacked: "State", class: "word", key: stateOf, cell: stateOf },
      files && { title: "Files", stacked: "Files", class: "number", down: true, key: (one) => one.files || 0, cell: (one) => number(one.files || 0) },
      ABOUT.targets && { title: "Looked at", stacked: "Looked at", key: (one) => one.looked_at || "", cell: (one) => moment(one.looked_at) },
      { title: "Open findings", stacked: "Open findings", class: "number", down: true, key: openIn, cell: (one) => (one.open === undefined ? worst(one.found) : number(one.open)) },
      { title: "Accepted", stacked: "Accepted", class: "number", down: true, key: (one) => one.accepted, cell: (one) => number(one.accepted) },
      { title: "Could not be seen", stacked: "Could not be seen", class: "number", down: true, key: (one) => one.unseen, cell: (one) => number(one.unseen) },
    ].filter(Boolean),
  }), [...PLACES.values()]);
}

function accounts() {
  const counted = (one, name) => (one[name] || []).length;
  const columns = [["found", "Found something", "high"], ["clean", "Clean", "good"], ["unseen", "Could not see", "critical"]];
  return shown(list({
    caption: "Policies by account",
    columns: [
      { title: "Account", class: "word", key: (one) => `${one.service} ${one.account || ""}`, cell: (one) => el("button", { type: "button", class: "plain" }, [one.service, " ", one.account]) },
      { title: "Policies", class: "bar", cell: (one) => bar(columns.map(([name, title, style]) => ({ class: style, name: title, value: counted(one, name) })), Math.max(1, columns.reduce((sum, [name]) => sum + counted(one, name), 0))) },
      ...columns.map(([name, title]) => ({ title, stacked: title, class: "number", down: true, key: (one) => counted(one, name), cell: (one) => number(counted(one, name)) })),
    ],
    detail: (one) => [
      one.as_of && el("p", null, el("strong", null, "Told before: "), `some of it as of ${moment(one.as_of)}; it has not changed since, as the service says.`),
      Object.entries(one.why || {}).map(([reason, policies]) => [el("p", null, el("strong", null, "Could not see: "), reason), el("p", { class: "muted" }, `kept from seeing: ${policies.join(", ")}`)]),
      columns.map(([name, title]) => one[name] && el("p", null, el("strong", null, `${title}: `), one[name].join(", "))),
    ],
  }), DATA.coverage);
}

function undecided() {
  return shown(list({
    caption: "Not decided",
    columns: [
      { title: "Policy", class: "word", key: ([policy]) => policy, cell: ([policy]) => el("code", null, policy) },
      { title: "Where", class: "word", key: ([, , place]) => place, cell: ([, , place]) => pathed(place) },
      { title: "Not known", class: "word", key: (one) => one[3], cell: (one) => one[3] },
      { title: "About", class: "word", key: ([, subject]) => subject, cell: ([, subject]) => el("span", { class: "mono" }, subject) },
    ],
  }), DATA.undecided);
}
