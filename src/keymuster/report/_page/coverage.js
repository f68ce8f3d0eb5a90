// What was looked at, what came of it, and what could not be seen.

function coverage(view) {
  put(view,
    el("h1", { tabindex: -1 }, "Coverage"),
    el("p", null, "No finding there means that nothing was found only where this page says that it was looked at."),
    !ABOUT.complete && el("p", { class: "notice" }, "The scan was cut short: what comes after is not in this page."),
    el("h2", null, "What was to be looked at"), asked(),
    el("h2", null, "Could not be seen"), unseen(),
    FOLDERS.size > 0 && [el("h2", null, "Folders"), folders()],
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

// Where files lie, by the first folder of their path: what was found there, and what could not be seen.
const FOLDERS = new Map();
const folderOf = (path) => { const end = path.indexOf("/"); return end < 0 ? "." : path.slice(0, end + 1); };
const inFolder = (name) => { if (!FOLDERS.has(name)) FOLDERS.set(name, { name, found: [], accepted: 0, unseen: 0 }); return FOLDERS.get(name); };

FINDINGS.forEach((one, index) => {
  if (!one.places[0].file) return;
  const folder = inFolder(folderOf(at(one)));
  if (isAccepted(one)) folder.accepted += 1;
  else folder.found.push(index);
});
if (FOLDERS.size) DATA.troubles.forEach((one) => { const folder = folderOf(one.scope); if (FOLDERS.has(folder)) FOLDERS.get(folder).unseen += 1; });

function folders() {
  return shown(list({
    caption: "Files by folder", sorted: 0,
    columns: [
      { title: "Folder", class: "word", key: (one) => one.name, cell: (one) => (one.name === "." ? "files in no folder" : el("a", { class: "mono", href: `#findings?text=${encodeURIComponent(one.name)}` }, one.name)) },
      { title: "Open findings", stacked: "Open findings", class: "number", down: true, key: (one) => one.found.length, cell: (one) => worst(one.found) },
      { title: "Accepted", stacked: "Accepted", class: "number", down: true, key: (one) => one.accepted, cell: (one) => number(one.accepted) },
      { title: "Could not be seen", stacked: "Could not be seen", class: "number", down: true, key: (one) => one.unseen, cell: (one) => number(one.unseen) },
    ],
  }), [...FOLDERS.values()]);
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
