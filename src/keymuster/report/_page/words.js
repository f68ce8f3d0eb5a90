// What the data is called, and how numbers and times are written.

const DATA = JSON.parse(document.getElementById("data").textContent);
const ABOUT = DATA.about;
const FINDINGS = DATA.findings;
const ROLL = DATA.roll || { identities: [], credentials: [], nodes: [], sorts: [], edges: [], exceptions: [], left_out: {} };
const NOW = Date.parse(ABOUT.ended_at || ABOUT.started_at || "") || null;
const DAY = 86400000;

const number = (value) => value.toLocaleString("en");
const several = (count, one, more) => `${number(count)} ${count === 1 ? one : more || one + "s"}`;
const words = (text) => (text || "").replace(/_/g, " ");
const severity = (one) => DATA.severities[one.severity || 0];
const confidence = (one) => DATA.confidences[one.confidence || 0];
const isAccepted = (one) => Boolean(one.accepted && one.accepted.holds);
const ruleOf = (one) => DATA.rules[one.rule || 0];
const categories = (one) => (one.nhi || []).map((index) => DATA.nhi[index][0]);
const at = (one) => one.places[0].at;
const day = (time) => (time ? time.slice(0, 10) : "");
const moment = (time) => (time ? time.slice(0, 16).replace("T", " ") + " UTC" : "");

function ageDays(time) {
  const then = Date.parse(time || "");
  return NOW && then ? Math.floor((NOW - then) / DAY) : null;
}

function since(time) {
  const age = ageDays(time);
  if (age === null) return day(time);
  return age < 0 ? `${day(time)} (in ${several(-age, "day")})` : `${day(time)} (${several(age, "day")} ago)`;
}

const lastUse = (one) => (one.last_used_at ? since(one.last_used_at) : one.never_used ? "never" : "");

// --- what belongs together -------------------------------------------------------------------------

// By each of what `keys` says of one, if it says anything.
function grouped(several, keys) {
  const found = new Map();
  several.forEach((one, index) => {
    for (const name of keys(one) || []) {
      if (!found.has(name)) found.set(name, []);
      found.get(name).push(index);
    }
  });
  return found;
}

const FINDINGS_OF = grouped(FINDINGS, (one) => one.identities);
const FINDINGS_OF_KEY = grouped(FINDINGS, (one) => one.credentials);
const KEYS_OF = grouped(ROLL.credentials, (one) => one.identity !== undefined && [one.identity]);
const NODE_OF = new Map();
ROLL.nodes.forEach((one, index) => { if (one.identity !== undefined) NODE_OF.set(one.identity, index); });

const nodeName = (index) => ROLL.nodes[index].name;
const nodeFindings = (one) => [
  ...(one.identity === undefined ? [] : FINDINGS_OF.get(one.identity) || []),
  ...(one.credential === undefined ? [] : FINDINGS_OF_KEY.get(one.credential) || []),
].filter((index) => !isAccepted(FINDINGS[index]));

function gravest(indexes) {
  return indexes.length ? Math.min(...indexes.map((index) => FINDINGS[index].severity || 0)) : null;
}

// --- the graph -------------------------------------------------------------------------------------

const OUT = ROLL.nodes.map(() => []);
const IN = ROLL.nodes.map(() => []);
ROLL.edges.forEach(([start, to], index) => { OUT[start].push(index); IN[to].push(index); });

// In one go, so that a name that looks like a place to fill in is none.
function filled(index, words) {
  const [start, to, , way] = ROLL.edges[index];
  const names = { start: nodeName(start), to: nodeName(to), way: way || "" };
  return words.replace(/\{(start|to|way)\}/g, (_, name) => names[name]);
}

const kindOfEdge = (index) => ROLL.sorts[ROLL.edges[index][2]];
const sentence = (index) => filled(index, kindOfEdge(index)[1]);
const cutting = (index) => filled(index, kindOfEdge(index)[2]);
const assumed = (index) => ROLL.edges[index][4] || "";

// All that a node leads to, or that leads to it, nearest first; of each, the edge by which it is reached.
function walked(from, back) {
  const by = new Map([[from, null]]);
  const order = [];
  for (let queue = [from]; queue.length;) {
    const next = [];
    for (const node of queue) {
      for (const index of (back ? IN : OUT)[node]) {
        const other = ROLL.edges[index][back ? 0 : 1];
        if (by.has(other)) continue;
        by.set(other, index);
        order.push(other);
        next.push(other);
      }
    }
    queue = next;
  }
  return { order, by };
}

// The edges between two nodes of such a walk, in the order in which somebody would go.
function path(walk, node, back) {
  const edges = [];
  for (let here = node; walk.by.get(here) !== null;) {
    const index = walk.by.get(here);
    edges.push(index);
    here = ROLL.edges[index][back ? 1 : 0];
  }
  return back ? edges : edges.reverse();
}
