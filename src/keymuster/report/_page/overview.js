// The first part: what is open, by category, who answers, how old keys are, and what could not be seen.

const OPEN = FINDINGS.filter((one) => !isAccepted(one));
const MODES = { worktree: "files", staged: "the staged change", input: "standard input", history: "the history", machine: "files of agents on a machine", services: "services" };
const BAR = { critical: "critical", high: "high", medium: "medium", low: "low", info: "info" };
const LIFELESS = new Set(["sample", "public", "invalid", "expired", "disabled"]);
const AGES = [[30, "30 days or less"], [90, "31 to 90 days"], [180, "91 to 180 days"], [365, "181 to 365 days"], [Infinity, "more than a year"]];

function overview(view) {
  put(view,
    el("h1", { tabindex: -1 }, "Secrets and non-human identities"),
    el("p", { class: "muted" }, whatWasLookedAt()),
    !ABOUT.complete && el("p", { class: "notice" }, el("strong", null, "Incomplete: "), "the scan was cut short. There may be more than this page shows."),
    tiles(),
    sinceBaseline(),
    leftOut("identities", "credentials"),
    OPEN.length ? gravestFirst() : nothingOpen(),
    trend(),
    unseenInShort(),
    el("div", { class: "charts" }, (OPEN.length > 0 || DATA.trend) && [byCategory(), bySeverity()], DATA.roll && ownership(), DATA.roll && keyAges(), DATA.roll && environments()),
  );
}

function whatWasLookedAt() {
  const about = [
    ABOUT.targets ? `Estate of ${several(ABOUT.targets, "target")}` : ABOUT.mode && `Scan of ${MODES[ABOUT.mode] || words(ABOUT.mode)}`,
    ABOUT.repository && `repository ${ABOUT.repository}`,
    ABOUT.branch && `branch ${ABOUT.branch}`,
    ABOUT.revision && `at ${ABOUT.revision.slice(0, 12)}`,
    ABOUT.services && `services: ${ABOUT.services.join(", ")}`,
    ABOUT.signed_in_as && `signed in as ${ABOUT.signed_in_as.join(", ")}`,
    moment(ABOUT.ended_at || ABOUT.started_at),
    `keymuster ${ABOUT.version}`,
  ];
  return about.filter(Boolean).join(" \u00b7 ");
}

function tiles() {
  const counts = DATA.severities.map((name, index) => [name, OPEN.filter((one) => (one.severity || 0) === index).length]);
  const accepted = FINDINGS.length - OPEN.length;
  return el("ul", { class: "tiles" },
    tile(OPEN.length, OPEN.length === 1 ? "open finding" : "open findings", "#findings?status=open"),
    counts.filter(([, count]) => count).map(([name, count]) => tile(count, name, `#findings?status=open&severity=${name}`, name)),
    accepted > 0 && tile(accepted, "accepted", "#findings?status=accepted"),
    DATA.roll && tile(allOf("identities"), allOf("identities") === 1 ? "identity" : "identities", "#identities"),
    DATA.roll && tile(allOf("credentials"), allOf("credentials") === 1 ? "credential" : "credentials", "#credentials"),
    DATA.troubles.length > 0 && tile(DATA.troubles.length, "not seen", "#coverage", "critical"),
    DATA.undecided.length > 0 && tile(DATA.undecided.length, "not decided", "#coverage"));
}

const allOf = (name) => ROLL[name].length + (ROLL.left_out[name] || 0);
const tile = (count, title, href, style) => el("li", null, el("a", { href }, el("b", { class: style }, number(count)), title));

function sinceBaseline() {
  const { in_baseline: known, gone_from_baseline: gone } = DATA.counts;
  if (known === undefined) return null;
  return el("p", null, `Only what is new since the baseline is listed: it has ${several(known, "finding")} that ${known === 1 ? "is" : "are"} still there, and ${number(gone || 0)} that ${gone === 1 ? "is" : "are"} gone.`);
}

// Good news only where all could be seen.
function nothingOpen() {
  const all = ABOUT.complete && !DATA.troubles.length && !DATA.coverage.some((one) => one.why);
  const nothing = DATA.counts.in_baseline === undefined ? "Nothing is open" : "Nothing new is open";
  return el("p", { class: all ? "notice calm" : "notice" }, `${nothing}${all ? "" : " in what could be looked at"}. `, el("a", { href: "#coverage" }, "What was looked at"));
}

// What to begin with: the gravest kinds, and of these those with the most findings.
function gravestFirst() {
  const kinds = new Map();
  for (const one of OPEN) {
    const id = ruleOf(one).id;
    const kind = kinds.get(id) || { id, title: ruleOf(one).title || one.message, levels: DATA.severities.map(() => 0), owners: new Set(), unowned: 0 };
    kind.levels[one.severity || 0] += 1;
    if (one.owner) kind.owners.add(one.owner);
    else kind.unowned += 1;
    kinds.set(id, kind);
  }
  const level = (kind) => kind.levels.findIndex(Boolean);
  const count = (kind) => kind.levels.reduce((sum, some) => sum + some, 0);
  const first = [...kinds.values()].sort((one, other) => level(one) - level(other) || other.levels[level(other)] - one.levels[level(one)] || compared(one.id, other.id)).slice(0, 5);
  const whose = (kind) => [kind.owners.size && (kind.owners.size <= 2 ? [...kind.owners].join(", ") : several(kind.owners.size, "owner")), kind.unowned && `${number(kind.unowned)} without an owner`].filter(Boolean).join("; ");
  return el("section", null, el("h2", null, "To begin with"),
    el("ol", { class: "first" }, first.map((kind) => el("li", null,
      el("span", { class: `severity ${DATA.severities[level(kind)]}` }, DATA.severities[level(kind)]),
      el("span", null, el("a", { href: `#findings?status=open&rule=${encodeURIComponent(kind.id)}` }, kind.title), " ", el("span", { class: "muted" }, whose(kind))),
      el("span", { class: "count" }, several(count(kind), "finding"))))));
}

function byCategory() {
  const days = DATA.trend || [];
  const rows = DATA.nhi.map(([id, title], index) => {
    const of = OPEN.filter((one) => (one.nhi || []).includes(index));
    const values = days.map(([, , counts]) => counts[id] || 0);
    return {
      label: `${id} ${title}`, href: `#findings?status=open&nhi=${id}`,
      parts: DATA.severities.map((name, each) => ({ class: BAR[name], name, value: of.filter((one) => (one.severity || 0) === each).length })),
      more: values.length > 1 && [line(values, 90, 18, `${id}: from ${values[0]} to ${values[values.length - 1]}`), el("span", { class: "muted" }, change(values))],
    };
  });
  return el("section", null, el("h2", null, "By category"),
    bars("Open findings by category of the OWASP Non-Human Identities Top 10 (2025). One of two categories counts in both.", rows, days.length > 1 && `since ${day(days[0][0])}`));
}

function bySeverity() {
  const rows = DATA.severities.map((name, index) => ({
    label: name, href: `#findings?status=open&severity=${name}`,
    parts: DATA.confidences.map((sure, each) => ({ class: BAR[name], name: `${sure} confidence`, value: OPEN.filter((one) => (one.severity || 0) === index && (one.confidence || 0) === each).length })),
  }));
  return el("section", null, el("h2", null, "By severity"), bars("Open findings by severity, in parts by how sure they are", rows));
}

function ownership() {
  const sorts = [
    ["good", "surely"], ["low", "likely"], ["critical", "left"], ["high", "none"], ["other", "unknown"],
  ].map(([style, word]) => [ANSWERS[word], style, word]);
  const rows = sorts.map(([label, style, word]) => ({ label, href: `#identities?owner=${word}`, parts: [{ class: style, value: ROLL.identities.filter((one) => answers(one) === word).length }] }));
  return el("section", null, el("h2", null, "Owners"), bars("Identities by who answers for them, without people, groups and what a provider looks after", rows));
}

function keyAges() {
  const live = ROLL.credentials.filter((one) => !LIFELESS.has(one.status));
  const styles = ["good", "low", "medium", "high", "critical"];
  const ages = live.map((one) => ageDays(one.created_at));
  let least = -Infinity;
  const rows = AGES.map(([most, label], index) => {
    const from = least;
    least = most;
    return { label, href: `#credentials?age=${index}`, parts: [{ class: styles[index], value: ages.filter((age) => age !== null && age > from && age <= most).length }] };
  });
  rows.push({ label: "not known", href: "#credentials?age=unknown", parts: [{ class: "other", value: ages.filter((age) => age === null).length }] });
  return el("section", null, el("h2", null, "Age of keys"), bars("Credentials that may open something, by their age", rows));
}

function environments() {
  const names = ["production", "staging", "development", "test", "unknown"];
  const rows = names.map((name) => ({ label: name === "unknown" ? "not known" : name, href: `#identities?environment=${name}`, parts: [{ class: "low", value: ROLL.identities.filter((one) => (one.environment || "unknown") === name).length }] }));
  return el("section", null, el("h2", null, "Environments"), bars("Identities by what they are for", rows));
}

function trend() {
  const days = DATA.trend || [];
  if (days.length < 2) return null;
  const values = days.map(([, open]) => open);
  const shown = days.length > 30 ? days.filter((_, index) => index % Math.ceil(days.length / 30) === 0 || index === days.length - 1) : days;
  return el("section", { class: "trend" }, el("h2", null, "Trend"),
    el("p", null, `${number(values[0])} open on ${day(days[0][0])}, ${number(values[values.length - 1])} on ${day(days[days.length - 1][0])} (${change(values)}).`),
    el("div", { class: "plot" },
      el("span", { class: "most", "aria-hidden": "true" }, number(Math.max(...values))), el("span", { class: "least", "aria-hidden": "true" }, "0"),
      line(values, 640, 120, `Open findings from ${values[0]} to ${values[values.length - 1]}`, true),
      el("span", { class: "begin muted", "aria-hidden": "true" }, day(days[0][0])), el("span", { class: "end muted", "aria-hidden": "true" }, day(days[days.length - 1][0]))),
    el("details", null, el("summary", null, "As a table"), el("div", { class: "wide" },
      el("table", null, el("caption", { class: "hidden" }, "Open findings by day and category"),
        el("thead", null, el("tr", null, el("th", { scope: "col" }, "day"), el("th", { scope: "col", class: "number" }, "open"), DATA.nhi.map(([id]) => el("th", { scope: "col", class: "number" }, id)))),
        el("tbody", null, shown.map(([when, open, counts]) => el("tr", null, el("th", { scope: "row" }, day(when)), el("td", { class: "number" }, number(open)), DATA.nhi.map(([id]) => el("td", { class: "number" }, number(counts[id] || 0))))))))));
}

function unseenInShort() {
  const unseen = (DATA.coverage || []).filter((one) => one.why).length;
  const undecided = DATA.undecided.length > 0 && el("p", null, el("a", { href: "#coverage" }, several(DATA.undecided.length, "question")), " of policies could not be decided, because something that they ask for is not known here.");
  if (!DATA.troubles.length && !unseen) {
    return ABOUT.complete && el("section", null, el("h2", null, "What could not be seen"), el("p", null, "All that was to be looked at was looked at."), undecided);
  }
  return el("section", null, el("h2", null, "What could not be seen"),
    el("p", null, "There may be more than was found: ", el("a", { href: "#coverage" }, [DATA.troubles.length && several(DATA.troubles.length, "place"), unseen && `a part of ${several(unseen, "account")}`].filter(Boolean).join(" and ")), " could not be looked at."),
    el("ul", null, DATA.troubles.slice(0, 5).map((one) => el("li", null, el("span", { class: "mono" }, one.scope), `: ${one.message}`))), undecided);
}
