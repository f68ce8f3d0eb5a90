// All findings, with what each rests on.

function findings(view) {
  const table = list({
    caption: "Findings", of: "finding", sorted: 0, empty: FINDINGS.length ? "No finding is so." : DATA.counts.in_baseline === undefined ? "Nothing was found." : "Nothing new was found.",
    columns: [
      { title: "Severity", class: "narrow", key: (one) => one.severity || 0, cell: (one) => el("span", { class: `severity ${severity(one)}` }, severity(one)) },
      { title: "What", class: "long", key: (one) => one.message, cell: what },
      { title: "Where", class: "place", key: at, cell: where },
      { title: "Category", stacked: "Category", key: (one) => (one.nhi || [99])[0], cell: (one) => categories(one).join(", ") },
      { title: "Owner", stacked: "Owner", key: (one) => one.owner || "", cell: (one) => (one.owner ? `${one.owner}${one.owner_left ? " (has left)" : ""}` : "") },
    ],
    detail: evidence,
  });
  const form = filters("findings", [
    { name: "text", title: "Search" },
    { name: "severity", title: "Severity", several: true, options: DATA.severities.map((one) => [one, one]) },
    { name: "status", title: "Status", any: "open and accepted", options: [["open", "open"], ["accepted", "accepted"], ["lapsed", "no longer accepted"]] },
    { name: "nhi", title: "Category", options: DATA.nhi.map(([id, title]) => [id, `${id} ${title}`]) },
    { name: "confidence", title: "At least this sure", options: DATA.confidences.map((one) => [one, one]) },
    { name: "rule", title: "Rule", options: [...new Set(DATA.rules.map((one) => one.id))].sort().map((one) => [one, one]) },
    { name: "owner", title: "Owner", options: [["-", "nobody known"], ...optionsOf(FINDINGS.map((one) => one.owner)).map(([value]) => [value, value])] },
  ], (picked) => {
    const found = FINDINGS.filter(isPicked(picked));
    table.show(found, found.length === 1 && found[0].id === picked.text); // a link led to it
  });
  put(view, el("h1", { tabindex: -1 }, "Findings"), sinceBaseline(), form.element, table.element);
  return form.set;
}

function isPicked(picked) {
  const levels = picked.severity && new Set(picked.severity.split(","));
  const least = picked.confidence ? DATA.confidences.indexOf(picked.confidence) : DATA.confidences.length;
  const asked = searchedFor(picked.text);
  return (one) => (!levels || levels.has(severity(one)))
    && (one.confidence || 0) <= least
    && (!picked.nhi || categories(one).includes(picked.nhi))
    && (!picked.rule || ruleOf(one).id === picked.rule)
    && (!picked.owner || (picked.owner === "-" ? !one.owner : one.owner === picked.owner))
    && (!picked.status || (picked.status === "lapsed" ? one.accepted && !one.accepted.holds : (picked.status === "accepted") === isAccepted(one)))
    && asked.every((word) => textOf(one).includes(word));
}

// All that people may search for in a finding, put together when it is first asked.
function textOf(one) {
  if (one.searched === undefined) {
    one.searched = [one.id, one.message, one.subject, ruleOf(one).id, one.owner, categories(one).join(" "),
      ...one.places.map((place) => place.at), ...Object.values(one.evidence || {})].join("\n").toLowerCase();
  }
  return one.searched;
}

function what(one) {
  return [
    el("button", { type: "button", class: "plain" }, one.message),
    el("div", { class: "muted" }, ruleOf(one).id,
      confidence(one) !== DATA.confidences[0] && `, ${confidence(one)} confidence`,
      one.accepted && (one.accepted.holds ? `, accepted until ${one.accepted.until || "ever"}` : ", no longer accepted")),
  ];
}

function where(one) {
  const more = one.places.length - 1;
  return [pathed(at(one)), more > 0 && el("div", { class: "muted" }, `and ${several(more, "more place", "more places")}`)];
}

function evidence(one) {
  const rule = ruleOf(one);
  const said = Object.entries(one.evidence || {});
  return [
    rule.why && [el("h2", { class: "minor" }, "Why it matters"), el("p", null, withCode(rule.why))],
    (one.remediation || rule.remediation) && [el("h2", { class: "minor" }, "What to do"), el("p", null, withCode(one.remediation || rule.remediation))],
    one.accepted && [el("h2", { class: "minor" }, one.accepted.holds ? "Accepted" : "No longer accepted"),
      el("p", null, one.accepted.because, el("span", { class: "muted" }, [one.accepted.by && ` by ${one.accepted.by}`, one.accepted.until && ` until ${one.accepted.until}`, one.accepted.at && ` (${one.accepted.at})`]))],
    el("h2", { class: "minor" }, one.places.length === 1 ? "Place" : "Places"),
    el("ul", null, one.places.slice(0, 200).map((place) => el("li", null, pathed(place.at),
      place.commit && el("span", { class: "muted" }, ` first in ${place.commit}${place.in_head === null ? "" : place.in_head ? "; still in HEAD" : "; no longer in HEAD"}`),
      place.context && el("pre", null, place.context)))),
    one.places.length > 200 && el("p", null, `and ${number(one.places.length - 200)} more`),
    one.steps && [el("h2", { class: "minor" }, "What it rests on"), one.steps.map((lines) => el("pre", null, lines.join("\n")))],
    said.length > 0 && [el("h2", { class: "minor" }, "Evidence"), pairs(said)],
    one.told_by && el("p", { class: "muted" }, `Told by ${one.told_by.join(", ")}.`),
    el("h2", { class: "minor" }, "More"),
    pairs([
      ["identity", one.identities && one.identities.slice(0, 20).map((index) => el("div", null, identityLink(index)))],
      ["subject", el("span", { class: "mono" }, one.subject)],
      ["owner", one.owner && `${one.owner}, by ${one.owner_source}`],
      ["rule", [rule.title || "", " ", el("code", null, rule.id)]],
      ["classified as", [categories(one).map((id) => el("span", { class: "tag" }, id)), (rule.references || []).map(([title, url]) => el("span", { class: "tag" }, url ? el("a", { href: url }, title) : title))]],
      ["links", rule.links && rule.links.map((url) => el("div", null, el("a", { href: url }, url)))],
      ["id", el("code", null, one.id)],
    ]),
  ];
}

// What rules put between backticks is code; nothing else is markup.
const withCode = (text) => text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? el("code", null, part) : part));

const pairs = (several) => el("dl", null, several.filter(([, value]) => value !== undefined && value !== "" && value !== false && value !== null)
  .map(([name, value]) => [el("dt", null, words(name)), el("dd", null, value)]));
