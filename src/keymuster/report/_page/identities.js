// Who there is, a page for each, and what proves them.

const openOf = (index) => (FINDINGS_OF.get(index) || []).filter((each) => !isAccepted(FINDINGS[each]));
const ownerOf = (one) => (one.owner_status === "left" ? `${one.owner} (has left)` : one.owner_status === "none" ? "nobody" : one.owner_status === "unknown" ? "not known" : one.owner || "");
const ANSWERS = { surely: "an owner, sure", likely: "an owner, likely", left: "an owner who has left", none: "nobody", unknown: "not known" };
// How sure it is that somebody answers for it.
const answers = (one) => (one.owner_status === "named" ? (one.owner_confidence === "high" ? "surely" : "likely") : one.owner_status);
const identityLink = (index) => el("a", { href: `#identity/${index}` }, ROLL.identities[index].name || ROLL.identities[index].id);
// Those with the gravest findings first, and of these those with the most.
const INDEXES = ROLL.identities.map((_, index) => [gravest(openOf(index)), openOf(index).length, index])
  .sort(([level, count, one], [other, more, two]) => (level === null ? 9 : level) - (other === null ? 9 : other) || more - count || one - two)
  .map(([, , index]) => index);

// Those that share name, kind and account with others are told apart by their places.
const NAMESAKES = new Set([...grouped(ROLL.identities, (one) => [`${one.kind} ${one.provider} ${one.account} ${one.name}`]).values()].filter((alike) => alike.length > 1).flat());

function identities(view) {
  const of = (index) => ROLL.identities[index];
  const owner = (index) => ownerOf(of(index));
  const table = list({
    caption: "Identities", of: "identity", plural: "identities", empty: ROLL.identities.length ? "No identity is so." : "There are none.",
    columns: [
      { title: "Name", class: "word", key: (index) => of(index).name, cell: (index) => [identityLink(index), NAMESAKES.has(index) && of(index).places && el("div", { class: "muted" }, pathed(of(index).places[0]))] },
      { title: "Kind", stacked: "Kind", key: (index) => of(index).kind, cell: (index) => words(of(index).kind) },
      { title: "Account", stacked: "Account", key: (index) => `${of(index).provider} ${of(index).account || ""}`, cell: (index) => [of(index).provider, " ", of(index).account] },
      { title: "Environment", stacked: "Environment", key: (index) => of(index).environment, cell: (index) => (of(index).environment === "unknown" ? "" : of(index).environment) },
      { title: "Privilege", stacked: "Privilege", key: (index) => of(index).privilege, cell: (index) => (of(index).privilege === "unknown" ? "" : of(index).privilege) },
      { title: "Owner", stacked: "Owner", key: owner, cell: owner },
      { title: "Last used", stacked: "Last used", key: (index) => of(index).last_used_at || "", cell: (index) => lastUse(of(index)) },
      { title: "Keys", stacked: "Keys", class: "number", down: true, key: (index) => (KEYS_OF.get(index) || []).length, cell: (index) => number((KEYS_OF.get(index) || []).length) },
      { title: "Open findings", stacked: "Open findings", class: "number", down: true, key: (index) => openOf(index).length, cell: (index) => worst(openOf(index)) },
    ],
  });
  const form = filters("identities", [
    { name: "text", title: "Search" },
    { name: "kind", title: "Kind", options: optionsOf(ROLL.identities.map((one) => one.kind)) },
    { name: "provider", title: "Provider", options: optionsOf(ROLL.identities.map((one) => one.provider)) },
    { name: "environment", title: "Environment", options: optionsOf(ROLL.identities.map((one) => one.environment || "unknown")) },
    { name: "owner", title: "Owner is", options: Object.entries(ANSWERS) },
    { name: "privilege", title: "Privilege", options: optionsOf(ROLL.identities.map((one) => one.privilege)) },
    { name: "findings", title: "Findings", options: [["open", "with open ones"], ["none", "without"]] },
  ], (picked) => {
    const asked = searchedFor(picked.text);
    table.show(INDEXES.filter((index) => {
      const one = of(index);
      const text = [one.name, one.id, one.owner, one.account, one.purpose, ...Object.values(one.tags || {})].join("\n").toLowerCase();
      return (!picked.kind || one.kind === picked.kind) && (!picked.provider || one.provider === picked.provider)
        && (!picked.environment || (one.environment || "unknown") === picked.environment)
        && (!picked.owner || answers(one) === picked.owner) && (!picked.privilege || one.privilege === picked.privilege)
        && (!picked.findings || (picked.findings === "open") === openOf(index).length > 0)
        && asked.every((word) => text.includes(word));
    }));
  });
  put(view, el("h1", { tabindex: -1 }, "Identities"), sinceBaseline(), leftOut("identities"), form.element, table.element);
  return form.set;
}

// What this page does not know must not look as if there was none of it.
function leftOut(...names) {
  const said = names.filter((name) => ROLL.left_out[name]).map((name) => `${number(ROLL.left_out[name])} more ${name}`);
  return said.length ? el("p", { class: "notice" }, `There are ${said.join(" and ")}, which are not on this page: it would be too much for a browser. "keymuster inventory" and "keymuster reach" tell of all.`) : null;
}

function worst(indexes) {
  if (!indexes.length) return "0";
  const level = DATA.severities[gravest(indexes)];
  return [number(indexes.length), el("span", { class: `severity ${level}` }, ` ${level}`)];
}

// --- credentials -----------------------------------------------------------------------------------

function credentials(view) {
  const table = list({ caption: "Credentials", of: "credential", empty: ROLL.credentials.length ? "No credential is so." : "There are none.", columns: keyColumns(true), detail: keyDetail });
  const ageOf = (one) => {
    const age = ageDays(one.created_at);
    return age === null ? "unknown" : String(AGES.findIndex(([most]) => age <= most));
  };
  const form = filters("credentials", [
    { name: "text", title: "Search" },
    { name: "kind", title: "Kind", options: optionsOf(ROLL.credentials.map((one) => one.kind)) },
    { name: "status", title: "Status", options: optionsOf(ROLL.credentials.map((one) => one.status)) },
    { name: "age", title: "Age", options: [...AGES.map(([, label], index) => [String(index), label]), ["unknown", "not known"]] },
    { name: "storage", title: "Seen in", options: optionsOf(ROLL.credentials.flatMap((one) => one.storages || [])) },
  ], (picked) => {
    const asked = searchedFor(picked.text);
    table.show(ROLL.credentials.filter((one) => {
      const text = [one.name, one.id, one.owner, one.preview, one.vendor, one.format, ...(one.places || [])].join("\n").toLowerCase();
      return (!picked.kind || one.kind === picked.kind) && (!picked.status || one.status === picked.status)
        && (!picked.age || (ageOf(one) === picked.age && !LIFELESS.has(one.status)))
        && (!picked.storage || (one.storages || []).includes(picked.storage)) && asked.every((word) => text.includes(word));
    }));
  });
  put(view, el("h1", { tabindex: -1 }, "Credentials"), el("p", { class: "muted" }, "None of them is here as text: only what it is, where it lies, and how old it is."), leftOut("credentials"), form.element, table.element);
  return form.set;
}

function keyColumns(withIdentity) {
  return [
    { title: "Credential", class: "word", key: (one) => one.name, cell: (one) => [el("button", { type: "button", class: "plain" }, one.name || one.id), one.preview && el("span", { class: "mono muted" }, ` ${one.preview}`)] },
    { title: "Kind", stacked: "Kind", key: (one) => one.kind, cell: (one) => words(one.kind) },
    withIdentity && { title: "Identity", stacked: "Identity", key: (one) => (one.identity === undefined ? "" : ROLL.identities[one.identity].name), cell: (one) => (one.identity === undefined ? "" : identityLink(one.identity)) },
    { title: "Status", stacked: "Status", key: (one) => one.status, cell: (one) => [one.status === "unknown" ? "" : one.status, one.works && ` (works: ${one.works})`] },
    { title: "Created", stacked: "Created", key: (one) => one.created_at || "", cell: (one) => since(one.created_at) },
    { title: "Expires", stacked: "Expires", key: (one) => one.expires_at || "", cell: (one) => since(one.expires_at) },
    { title: "Last used", stacked: "Last used", key: (one) => one.last_used_at || "", cell: lastUse },
    { title: "Seen in", stacked: "Seen in", cell: (one) => (one.storages || []).map(words).join(", ") },
  ].filter(Boolean);
}

function keyDetail(one) {
  const about = FINDINGS_OF_KEY.get(ROLL.credentials.indexOf(one)) || [];
  return [
    el("ul", null, (one.places || []).map((place) => el("li", { class: "mono" }, place))),
    pairs([
      ["used by", one.uses && el("ul", null, one.uses.map((use) => el("li", null, `${words(use.kind)} ${use.by}`, use.place && el("span", { class: "muted mono" }, ` ${use.place}`))))],
      ["also known as", texts(one.same).length > 0 && texts(one.same)], ["owner", one.owner], ["environments", one.environments && one.environments.join(", ")],
      ["leads to", one.leads_to && one.leads_to.join(", ")], ["format", one.format], ["vendor", one.vendor], ["id", el("code", null, one.id)],
      ["findings", about.length > 0 && findingItems(about)],
    ]),
  ];
}

const byGravity = (one, other) => (FINDINGS[one].severity || 0) - (FINDINGS[other].severity || 0) || one - other;
const findingItems = (indexes) => el("ul", null, [...indexes].sort(byGravity).slice(0, 50).map((index) => {
  const one = FINDINGS[index];
  return el("li", null, el("span", { class: `severity ${severity(one)}` }, severity(one)), " ", el("a", { href: `#findings?text=${encodeURIComponent(one.id)}` }, one.message), " ", el("span", { class: "muted" }, ruleOf(one).id, isAccepted(one) && ", accepted"));
}), indexes.length > 50 && el("li", null, `and ${number(indexes.length - 50)} more`));

// --- the page of one -------------------------------------------------------------------------------

function identityPage(view, index) {
  dropLists();
  const one = ROLL.identities[index];
  if (!one) return put(emptied(view), el("h1", { tabindex: -1 }, "There is no such identity"));
  const keys = (KEYS_OF.get(index) || []).map((each) => ROLL.credentials[each]);
  const about = FINDINGS_OF.get(index) || [];
  const node = NODE_OF.get(index);
  put(emptied(view),
    el("p", { class: "screen" }, el("a", { href: "#identities" }, "All identities"), node !== undefined && [" \u00b7 ", el("a", { href: `#graph?node=${node}` }, "Show it in the graph")]),
    el("h1", { tabindex: -1 }, one.name || one.id),
    el("p", { class: "muted" }, [words(one.kind), one.provider, one.account].filter(Boolean).join(" \u00b7 ")),
    pairs([
      ["id", el("code", null, one.id)],
      ["owner", one.owner_status === "" || (!one.owner_status && !one.owner) ? "" : [ownerOf(one), one.owner_confidence && ` (${one.owner_confidence} confidence, by ${(one.owner_sources || []).join(", ")})`]],
      ["environment", one.environment && one.environment !== "unknown" && [one.environment, one.environment_because && ` (${one.environment_because})`]],
      ["purpose", one.purpose], ["status", one.status],
      ["privilege", one.privilege && one.privilege !== "unknown" && one.privilege],
      ["gains more by", one.escalations && one.escalations.join(", ")],
      ["outsider's", one.third_party && one.third_party !== "no" && one.third_party],
      ["created", since(one.created_at)], ["last used", lastUse(one)],
      ["tags", one.tags && Object.entries(one.tags).map(([name, value]) => el("span", { class: "tag" }, `${name}: ${value}`))],
      ["places", one.places && one.places.map((place) => el("div", { class: "mono" }, place))],
    ]),
    el("h2", null, `Findings (${number(about.length)})`), sinceBaseline(), about.length ? findingItems(about) : el("p", { class: "muted" }, "None is about it."),
    el("h2", null, `Credentials (${number(keys.length)})`), keys.length ? shown(list({ caption: "Credentials", columns: keyColumns(false), detail: keyDetail }), keys) : el("p", { class: "muted" }, "None is known to prove it."),
    el("h2", null, "What it may do"), grants(one), more(one, "grants"),
    el("h2", null, "Who can become it"), trusts(one), more(one, "trusts"), node !== undefined && ways(node, true), leftOut("nodes", "edges"),
    el("h2", null, "Who uses it"), uses(one), more(one, "uses"),
    el("h2", null, "What it reaches"), one.leads_by && el("p", null, one.leads_by), node === undefined ? nothing("Nothing is known that it leads to.") : ways(node, false), leftOut("nodes", "edges"));
}

const nothing = (text) => el("p", { class: "muted" }, text);
const more = (one, what) => (one.more && one.more[what] ? nothing(`and ${number(one.more[what])} more`) : null);

function shown(table, rows) {
  table.show(rows);
  return table.element;
}

const texts = (several) => (several || []).map((one) => el("div", { class: "mono" }, one));

function grants(one) {
  if (!one.grants) return nothing("Nothing is known to be granted to it.");
  return shown(list({
    caption: "Grants",
    columns: [
      { title: "Effect", class: "narrow", key: (grant) => grant.effect, cell: (grant) => (grant.effect === "deny" ? "denies" : "allows") },
      { title: "What", class: "word", cell: (grant) => [texts(grant.actions), grant.not_actions && ["all but", texts(grant.not_actions)], grant.via && el("div", { class: "mono" }, grant.via)] },
      { title: "On", stacked: "On", class: "word", cell: (grant) => [texts(grant.resources), grant.not_resources && ["all but", texts(grant.not_resources)]] },
      { title: "If", stacked: "If", cell: (grant) => texts(grant.conditions) },
      { title: "Kind", stacked: "Kind", cell: (grant) => words(grant.kind) },
      { title: "Place", stacked: "Place", cell: (grant) => texts(grant.place ? [grant.place] : []) },
    ],
  }), one.grants);
}

function trusts(one) {
  if (!one.trusts) return null;
  return shown(list({
    caption: "Trusts",
    columns: [
      { title: "Who", class: "word", key: (trust) => trust.principal, cell: (trust) => [trust.effect === "deny" && "not ", el("span", { class: "mono" }, trust.principal), trust.example && el("div", { class: "muted" }, `for example ${trust.example}`)] },
      { title: "How", stacked: "How", cell: (trust) => [words(trust.kind), texts(trust.actions)] },
      { title: "If", stacked: "If", cell: (trust) => texts(trust.conditions) },
      { title: "Lets in", stacked: "Lets in", cell: (trust) => (trust.audience && trust.audience !== "unknown" ? words(trust.audience) : "") },
      { title: "Place", stacked: "Place", cell: (trust) => texts(trust.place ? [trust.place] : []) },
    ],
  }), one.trusts);
}

function uses(one) {
  if (!one.uses) return nothing("Nobody is known to.");
  return el("ul", null, one.uses.map((use) => el("li", null, `${words(use.kind)} ${use.by}`, use.place && el("span", { class: "muted mono" }, ` ${use.place}`))));
}

// What a node leads to, or who gets to it, with the steps between.
function ways(node, back) {
  const walk = walked(node, back);
  if (!walk.order.length) return nothing(back ? "Nothing is known that leads to it." : "Nothing is known that it leads to.");
  const table = list({
    caption: back ? "What leads to it" : "What it leads to", size: 25,
    columns: [
      { title: back ? "From" : "To", class: "word", key: nodeName, cell: (other) => [el("button", { type: "button", class: "plain" }, nodeName(other)), " ", el("span", { class: "muted" }, words(ROLL.nodes[other].kind))] },
      { title: back ? "Begins there" : "Worth", stacked: back ? "Begins there" : "Worth", key: (other) => (back ? ROLL.nodes[other].entry || "" : (ROLL.nodes[other].worth || []).join(", ")), cell: (other) => (back ? ROLL.nodes[other].entry || "" : (ROLL.nodes[other].worth || []).join(", ")) },
      { title: "Steps", stacked: "Steps", class: "number", key: (other) => path(walk, other, back).length, cell: (other) => number(path(walk, other, back).length) },
      { title: "Sure", stacked: "Sure", cell: (other) => (path(walk, other, back).some(assumed) ? "assumed" : "proved") },
    ],
    detail: (other) => el("ol", { class: "steps" }, path(walk, other, back).map((index) => el("li", null, sentence(index),
      assumed(index) && el("div", { class: "muted" }, `assumed: ${assumed(index)}`), cutting(index) && el("div", { class: "muted" }, `To cut it: ${cutting(index)}.`)))),
  });
  const first = back ? (other) => Boolean(ROLL.nodes[other].entry) : (other) => Boolean(ROLL.nodes[other].worth);
  return shown(table, [...walk.order.filter(first), ...walk.order.filter((other) => !first(other))]);
}
