// Who can become whom: groups that open where they lie, and what leads from one to another.

const SORT_OF = [
  ["identity", "an identity", (one) => one.identity !== undefined],
  ["credential", "a credential", (one) => one.credential !== undefined],
  ["outsider", "somebody outside", (one) => one.kind === "outsider"],
  ["file", "a file", (one) => one.kind === "file"],
  ["resource", "something else: a workload, a right, a store of secrets", () => true],
];
const sortOf = (one) => SORT_OF.find(([, , holds]) => holds(one))[0];
const FEW = 150;
const MANY = 1500;
const LINES = 80;
const ROW = 62; // as far are rows of nodes apart

function graph(view) {
  put(view, el("h1", { tabindex: -1 }, "Graph"));
  if (!ROLL.nodes.length) {
    put(view, nothing(DATA.roll ? "There are no identities." : "This report tells of no identities."));
    return () => {};
  }
  let layout = null, grouping = "account", opened = new Set(), chosen = null, pointed = null, box = null;
  let items = new Map(), labels = [], lines = [];

  const picture = svg("svg", { role: "group", "aria-label": "The graph. Arrow keys move between its circles, Enter opens one or tells about it, + and - zoom, 0 shows all. The table below has the same." });
  const about = el("aside", { class: "about", "aria-label": "About what was chosen", "aria-live": "polite" });
  const by = el("select", { change: () => group(by.value) }, el("option", { value: "account" }, "account"), el("option", { value: "owner" }, "owner"));
  const find = el("input", { type: "search", list: "graph-names", change: () => seek(find.value) });
  const openAll = el("button", { type: "button", click: () => { layout.groups.forEach((_, index) => opened.add(index)); draw(); fit(); } }, "Open all");
  const tools = el("form", { class: "filters", submit: (event) => { event.preventDefault(); seek(find.value); } },
    el("label", null, "Grouped by", by), el("label", null, "Find", find),
    el("datalist", { id: "graph-names" }, ROLL.nodes.slice(0, 2000).map((one) => el("option", { value: one.name }))),
    el("button", { type: "submit" }, "Show"),
    ROLL.nodes.length <= MANY && openAll,
    el("button", { type: "button", click: () => { opened = new Set(); choose(null); draw(); fit(); } }, "Close all"),
    el("button", { type: "button", "aria-label": "Zoom in", click: () => zoom(1 / 1.4) }, "+"),
    el("button", { type: "button", "aria-label": "Zoom out", click: () => zoom(1.4) }, "\u2212"),
    el("button", { type: "button", click: fit }, "Show all"));
  const told = el("p", { class: "hidden", role: "status" });
  const weaker = el("p", { class: "muted", hidden: true });
  put(view, leftOut("nodes", "edges"), tools, told, el("div", { class: "board" }, el("div", { class: "drawing" }, picture), about), weaker, legend(), el("h2", null, "As a table"), asTable());

  // --- what is drawn ---------------------------------------------------------------------------

  function group(name) {
    grouping = name;
    layout = read(DATA.layouts[name]);
    opened = new Set();
    if (ROLL.nodes.length <= FEW) layout.groups.forEach((_, index) => opened.add(index));
    else if (layout.tops.length === 1) opened.add(layout.tops[0]);
    choose(null);
    draw();
    fit();
  }

  function read(said) {
    const groups = said.groups.map(([name, parent, size, x, y, r, scale]) => ({ name, parent, size, x, y, r, scale, groups: [], nodes: [], all: [] }));
    const tops = [];
    groups.forEach((one, index) => (one.parent < 0 ? tops : groups[one.parent].groups).push(index));
    const places = said.at.map(([parent, x, y]) => ({ parent, x, y, scale: parent < 0 ? 1 : groups[parent].scale }));
    places.forEach((one) => { one.r = 9 * one.scale; });
    const loose = [];
    places.forEach((one, index) => (one.parent < 0 ? loose : groups[one.parent].nodes).push(index));
    places.forEach((one, index) => { for (let up = one.parent; up >= 0; up = groups[up].parent) groups[up].all.push(index); });
    return { groups, tops, places, loose };
  }

  // What stands for a node: itself, or the outermost group around it that is closed.
  function standing(node) {
    let found = `n${node}`;
    for (let up = layout.places[node].parent; up >= 0; up = layout.groups[up].parent) if (!opened.has(up)) found = `g${up}`;
    return found;
  }

  const placeOf = (id) => (id[0] === "n" ? layout.places : layout.groups)[Number(id.slice(1))];
  const nodesOf = (id) => (id[0] === "n" ? [Number(id.slice(1))] : layout.groups[Number(id.slice(1))].all);
  const nameOf = (id) => (id[0] === "n" ? nodeName(Number(id.slice(1))) : layout.groups[Number(id.slice(1))].name);

  function draw() {
    const rings = [], marks = [], names = [];
    pointed = null;
    items = new Map();
    labels = [];
    const down = (index) => {
      const one = layout.groups[index];
      if (!opened.has(index)) return marks.push(closed(index));
      rings.push(svg("circle", { class: "ring", cx: one.x, cy: one.y, r: one.r }));
      const title = svg("text", { class: "title", x: one.x, y: one.y - one.r });
      const hit = svg("rect", { class: "hit" });
      const name = svg("g", { class: "name", tabindex: -1, role: "button", "aria-expanded": "true", "aria-label": `${one.name}, open. Close it` }, hit);
      listen(name, () => { opened.delete(index); draw(); focusOn(`g${index}`); });
      items.set(`r${index}`, { element: name, text: title, x: one.x, y: one.y - one.r, r: 4 });
      labels.push({ element: title, text: one.name, wide: one.r * 2, least: 60, up: true, hit });
      names.push(name);
      one.groups.forEach(down);
      one.nodes.forEach((node) => marks.push(single(node)));
    };
    layout.tops.forEach(down);
    layout.loose.forEach((node) => marks.push(single(node)));
    lines = between();
    const hidden = lines.filter((one) => one.faint).length;
    weaker.hidden = !hidden;
    weaker.textContent = `${several(hidden, "weaker connection")} ${hidden === 1 ? "shows" : "show"} when one of their ends is pointed at or chosen.`;
    emptied(picture).append(svg("g", null, rings), svg("g", null, lines.map((one) => one.parts)), svg("g", null, marks), svg("g", null, names), svg("g", { class: "titles", "aria-hidden": "true" }, [...items.values()].map((one) => one.text)));
    const first = items.keys().next().value;
    if (first) items.get(first).element.setAttribute("tabindex", "0");
    mark();
    if (box) look(box);
  }

  function closed(index) {
    const one = layout.groups[index];
    const found = gravest(one.all.flatMap((node) => nodeFindings(ROLL.nodes[node])));
    const item = svg("g", { class: "item", tabindex: -1, role: "button", "aria-expanded": "false", "aria-label": `${one.name}: ${several(one.size, "node")}${found === null ? "" : `, findings up to ${DATA.severities[found]}`}. Open it` },
      svg("circle", { class: "mark group", cx: one.x, cy: one.y, r: one.r * 0.96 }),
      found !== null && svg("circle", { class: `found ${DATA.severities[found]}`, cx: one.x, cy: one.y, r: one.r * 0.9 }));
    const name = svg("text", { x: one.x, y: one.y });
    labels.push({ element: name, text: one.name, under: number(one.size), wide: one.r * 1.8, least: 30 });
    listen(item, () => { opened.add(index); choose(null); draw(); lookAt(one, 1.15); focusOn(firstIn(index)); told.textContent = `${one.name} is open.`; }, `g${index}`);
    items.set(`g${index}`, { element: item, text: name, x: one.x, y: one.y, r: one.r });
    return item;
  }

  function single(node) {
    const one = ROLL.nodes[node], place = layout.places[node];
    const found = gravest(nodeFindings(one));
    const sort = sortOf(one);
    const shape = shapeOf(sort, place.x, place.y, place.r);
    const name = svg("text", { x: place.x, y: place.y + 12 * place.scale });
    const item = svg("g", { class: "item", tabindex: -1, role: "button", "aria-label": `${one.name}, ${words(one.kind)}${found === null ? "" : `, findings up to ${DATA.severities[found]}`}` },
      found !== null && svg("circle", { class: `found ${DATA.severities[found]}`, cx: place.x, cy: place.y, r: 14 * place.scale }), shape, svg("title", null, one.name));
    labels.push({ element: name, text: one.name, wide: 88 * place.scale, row: ROW * place.scale, least: 38, below: true, tail: sort === "file" });
    listen(item, () => choose(`n${node}`), `n${node}`);
    items.set(`n${node}`, { element: item, text: name, x: place.x, y: place.y, r: place.r });
    return item;
  }

  function between() {
    const pairsOf = new Map();
    ROLL.edges.forEach(([start, to, , , doubt]) => {
      const from = standing(start), into = standing(to);
      if (from === into) return;
      const key = `${from} ${into}`;
      const one = pairsOf.get(key) || { from, into, count: 0, proved: false };
      one.count += 1;
      one.proved = one.proved || !doubt;
      pairsOf.set(key, one);
    });
    const found = [...pairsOf.values()].sort((one, other) => other.count - one.count);
    return found.map((one, index) => {
      const faint = index < LINES ? "" : " faint";
      const a = placeOf(one.from), b = placeOf(one.into);
      const far = Math.hypot(b.x - a.x, b.y - a.y) || 1;
      const dx = (b.x - a.x) / far, dy = (b.y - a.y) / far;
      const begin = [a.x + dx * a.r, a.y + dy * a.r];
      const end = [b.x - dx * (b.r + 3), b.y - dy * (b.r + 3)];
      const bend = far * 0.08;
      const middle = [(begin[0] + end[0]) / 2 - dy * bend, (begin[1] + end[1]) / 2 + dx * bend];
      const line = svg("path", { class: `edge${one.proved ? "" : " assumed"}${faint}`, d: `M${begin.map(Math.round)}Q${middle.map(Math.round)} ${end.map(Math.round)}`, "stroke-width": Math.min(4, 1 + Math.log2(one.count)).toFixed(1) });
      const head = svg("path", { class: `head${faint}` });
      const angle = Math.atan2(end[1] - middle[1], end[0] - middle[0]);
      return { ...one, faint: faint !== "", parts: [line, head], line, head, end, angle };
    });
  }

  // --- choosing --------------------------------------------------------------------------------

  function listen(element, act, id) {
    if (id) {
      const point = (to) => () => { if (!held) { pointed = to; mark(); } };
      element.addEventListener("pointerenter", point(id));
      element.addEventListener("pointerleave", point(null));
      element.addEventListener("focus", point(id));
      element.addEventListener("blur", point(null));
    }
    element.addEventListener("click", (event) => { if (!moved) act(event); });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      act(event);
    });
  }

  function choose(id) {
    chosen = id;
    if (layout) mark();
    tell();
  }

  function mark() {
    const near = new Set(), of = pointed === null ? chosen : pointed;
    for (const one of lines) {
      const isOf = of !== null && (one.from === of || one.into === of);
      if (isOf) near.add(one.from).add(one.into);
      one.line.classList.toggle("chosen", isOf);
      one.head.classList.toggle("chosen", isOf);
    }
    picture.classList.toggle("choosing", of !== null && items.has(of));
    for (const [id, one] of items) {
      for (const part of [one.element, one.text]) {
        part.classList.toggle("chosen", id === of);
        part.classList.toggle("near", near.has(id) || id[0] === "r");
      }
    }
  }

  function tell() {
    emptied(about);
    if (chosen === null) {
      about.append(el("h2", null, "Choose something"), el("p", null, "Open a group, or choose what is in one, to read what it leads to and what leads to it."),
        el("p", { class: "muted" }, `${several(ROLL.nodes.length, "node")}, ${several(ROLL.edges.length, "edge")}.`));
      return;
    }
    const node = Number(chosen.slice(1)), one = ROLL.nodes[node], found = nodeFindings(one);
    put(about,
      el("h2", null, one.name),
      el("p", { class: "muted" }, [words(one.kind), one.account].filter(Boolean).join(" \u00b7 ")),
      one.identity !== undefined && el("p", null, el("a", { href: `#identity/${one.identity}` }, "Its page")),
      pairs([["owner", one.owner], ["place", one.place && el("span", { class: "mono" }, one.place)], ["begins there", one.entry], ["worth", one.worth && one.worth.join(", ")]]),
      found.length > 0 && [el("h3", null, "Open findings"), findingItems(found)],
      el("h3", null, `Leads to it (${IN[node].length})`), neighbours(IN[node], 0),
      el("h3", null, `It leads to (${OUT[node].length})`), neighbours(OUT[node], 1));
  }

  const neighbours = (indexes, end) => el("ul", null, indexes.slice(0, 30).map((index) => el("li", null,
    el("button", { type: "button", click: () => showNode(ROLL.edges[index][end]) }, nodeName(ROLL.edges[index][end])),
    " ", sentence(index), assumed(index) && el("span", { class: "muted" }, ` (assumed: ${assumed(index)})`))), indexes.length > 30 && el("li", null, `and ${number(indexes.length - 30)} more`));

  function showNode(node) {
    for (let up = layout.places[node].parent; up >= 0; up = layout.groups[up].parent) opened.add(up);
    draw();
    choose(`n${node}`);
    const parent = layout.places[node].parent;
    lookAt(parent >= 0 ? layout.groups[parent] : { ...layout.places[node], r: 33 * layout.places[node].r }, 1.15);
    focusOn(`n${node}`);
    told.textContent = `${nodeName(node)} is shown.`;
  }

  function seek(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return;
    let found = ROLL.nodes.findIndex((one) => one.name.toLowerCase() === wanted || one.id.toLowerCase() === wanted);
    if (found < 0) found = ROLL.nodes.findIndex((one) => one.name.toLowerCase().includes(wanted) || one.id.toLowerCase().includes(wanted));
    if (found >= 0) showNode(found);
    else told.textContent = `Nothing is called ${text}.`;
  }

  // --- the keyboard ----------------------------------------------------------------------------

  const firstIn = (index) => (layout.groups[index].groups.length ? `g${layout.groups[index].groups[0]}` : `n${layout.groups[index].nodes[0]}`);

  function focusOn(id) {
    const one = items.get(id);
    if (!one) return;
    for (const other of items.values()) other.element.setAttribute("tabindex", "-1");
    one.element.setAttribute("tabindex", "0");
    one.element.focus({ preventScroll: true });
    if (box && (one.x < box.x || one.y < box.y || one.x > box.x + box.wide || one.y > box.y + box.high)) look({ ...box, x: one.x - box.wide / 2, y: one.y - box.high / 2 });
  }

  const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  picture.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") return zoom(1 / 1.4);
    if (event.key === "-") return zoom(1.4);
    if (event.key === "0") return fit();
    if (event.key === "Escape") return choose(null);
    const way = WAYS[event.key];
    if (!way) return undefined;
    event.preventDefault();
    const here = [...items.values()].find((one) => one.element === document.activeElement);
    if (!here) return undefined;
    let best = null, least = Infinity;
    for (const [id, one] of items) {
      const dx = one.x - here.x, dy = one.y - here.y;
      const ahead = dx * way[0] + dy * way[1], aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
      if (one === here || ahead <= 0 || aside > ahead * 2) continue;
      if (ahead + aside * 2 < least) { least = ahead + aside * 2; best = id; }
    }
    if (best) focusOn(best);
    return undefined;
  });

  // --- what part of it is seen -----------------------------------------------------------------

  function look(next) {
    box = next;
    const screen = picture.getBoundingClientRect();
    const ratio = screen.width && screen.height ? screen.width / screen.height : 1.5;
    if (box.wide / box.high < ratio) { const wide = box.high * ratio; box = { ...box, x: box.x - (wide - box.wide) / 2, wide }; }
    else { const high = box.wide / ratio; box = { ...box, y: box.y - (high - box.high) / 2, high }; }
    picture.setAttribute("viewBox", [box.x, box.y, box.wide, box.high].map((one) => one.toFixed(1)).join(" "));
    const scale = (screen.width || 900) / box.wide;
    for (const one of labels) label(one, scale);
    for (const one of lines) {
      const size = 7 / scale, at = (turn, far) => `${(one.end[0] + Math.cos(one.angle + turn) * far).toFixed(1)},${(one.end[1] + Math.sin(one.angle + turn) * far).toFixed(1)}`;
      one.head.setAttribute("d", `M${at(0, size / 2)}L${at(2.6, size)}L${at(-2.6, size)}z`);
    }
  }

  // Text is as large on the screen as it is anywhere else, and only there where it has room.
  function label({ element, text, under, wide, row, least, below, up, tail, hit }, scale) {
    const room = wide * scale;
    emptied(element);
    if (hit) hit.setAttribute("width", 0);
    if (room < least) return;
    const high = below ? 11 : 12, size = high / scale;
    const letters = Math.max(3, Math.floor(room / (high * 0.56)));
    element.setAttribute("font-size", size.toFixed(2));
    element.setAttribute("stroke-width", (size / 4).toFixed(2));
    const x = element.getAttribute("x");
    const two = under ? room > 44 : below && row * scale >= 37;
    const rows = [...written(text, letters, two, tail), under].filter(Boolean);
    const from = up ? -0.4 : below ? 0.9 : 0.35 - (rows.length - 1) * 0.55;
    if (hit) made(hit, { x: x - (rows[0].length * 3.6 + 6) / scale, y: element.getAttribute("y") - 22 / scale, width: (rows[0].length * 7.2 + 12) / scale, height: 24 / scale, rx: 3 / scale }, []);
    rows.forEach((one, index) => element.append(svg("tspan", { x, dy: ((index ? 1.1 : from) * size).toFixed(2) }, one)));
  }

  // In a line, or in two, of which the first ends where a word does. The end of a number or path says more than its beginning.
  function written(text, letters, two, tail) {
    const cut = (one, byEnd) => (one.length <= letters ? one : byEnd ? `\u2026${one.slice(1 - letters)}` : `${one.slice(0, letters - 1)}\u2026`);
    if (text.length <= letters + 1 || !two) return [text.length <= letters + 1 ? text : cut(text, tail)];
    if (tail && text.length > 2 * letters) text = `\u2026${text.slice(1 - 2 * letters)}`;
    let end = letters;
    while (end > 2 && !/[\s/_.:-]/.test(text[end - 1])) end -= 1;
    if (end <= 2) end = letters;
    return [text.slice(0, end).trim(), cut(text.slice(end).trim(), /^[\d-]+$/.test(text.slice(end).trim()))];
  }

  function fit() {
    const all = [...layout.tops.map((index) => layout.groups[index]), ...layout.loose.map((node) => layout.places[node])];
    const left = Math.min(...all.map((one) => one.x - one.r)), right = Math.max(...all.map((one) => one.x + one.r));
    const top = Math.min(...all.map((one) => one.y - one.r)), bottom = Math.max(...all.map((one) => one.y + one.r));
    const edge = Math.max(right - left, bottom - top) * 0.04 + 20;
    look({ x: left - edge, y: top - edge, wide: right - left + 2 * edge, high: bottom - top + 2 * edge });
  }

  function lookAt(one, times) {
    const r = Math.max(one.r, 120) * times;
    look({ x: one.x - r, y: one.y - r, wide: 2 * r, high: 2 * r });
  }

  function zoom(asked, x = box.x + box.wide / 2, y = box.y + box.high / 2) {
    const wide = Math.min(Math.max(box.wide * asked, 120), 400000), times = wide / box.wide;
    look({ x: x - (x - box.x) * times, y: y - (y - box.y) * times, wide, high: box.high * times });
  }

  let held = null, moved = false;
  picture.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !picture.contains(document.activeElement)) return; // who only passes by wants to scroll
    event.preventDefault();
    const screen = picture.getBoundingClientRect();
    zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, box.x + ((event.clientX - screen.left) / screen.width) * box.wide, box.y + ((event.clientY - screen.top) / screen.height) * box.high);
  }, { passive: false });
  picture.addEventListener("pointerdown", (event) => { held = { x: event.clientX, y: event.clientY, box }; moved = false; });
  window.addEventListener("pointerup", () => { held = null; });
  window.addEventListener("pointermove", (event) => {
    if (!held) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    if (!moved && Math.hypot(dx, dy) < 5) return;
    moved = true;
    const screen = picture.getBoundingClientRect();
    look({ ...held.box, x: held.box.x - (dx / screen.width) * held.box.wide, y: held.box.y - (dy / screen.height) * held.box.high });
  });
  picture.addEventListener("click", (event) => { if (event.target === picture && !moved) choose(null); });
  window.addEventListener("resize", () => { if (box && !view.hidden) look(box); });

  return (given) => {
    if (!layout) group(grouping);
    else look(box);
    if (given.node !== undefined && ROLL.nodes[Number(given.node)]) showNode(Number(given.node));
  };
}

// Each sort has a form of its own: colours alone say nothing to some.
function shapeOf(sort, x, y, r) {
  const style = { class: `mark ${sort}` };
  const path = (steps) => svg("path", { ...style, d: `M${x} ${y - r * 1.15}${steps.map(([dx, dy]) => `l${dx * r} ${dy * r}`).join("")}z` });
  switch (sort) {
    case "credential": return svg("rect", { ...style, x: x - r * 0.9, y: y - r * 0.9, width: r * 1.8, height: r * 1.8, rx: r * 0.2 });
    case "file": return svg("rect", { ...style, x: x - r * 0.65, y: y - r, width: r * 1.3, height: r * 2 });
    case "outsider": return path([[1.2, 2.2], [-2.4, 0]]);
    case "resource": return path([[1.15, 1.15], [-1.15, 1.15], [-1.15, -1.15]]);
    default: return svg("circle", { ...style, cx: x, cy: y, r });
  }
}

const legend = () => el("ul", { class: "legend" },
  SORT_OF.map(([sort, title]) => el("li", null, svg("svg", { width: 14, height: 14, viewBox: "0 0 24 24", "aria-hidden": "true" }, shapeOf(sort, 12, 12, 9.5)), title)),
  el("li", null, "A ring: open findings, in the colour of the gravest"), el("li", null, "An arrow: who has the one gets the other; dashed: assumed, as something is not known"));

function asTable() {
  const table = list({
    caption: "Who gets what", of: "edge", empty: "Nothing leads anywhere.",
    columns: [
      { title: "Who has", class: "word", key: (index) => nodeName(ROLL.edges[index][0]), cell: (index) => named(ROLL.edges[index][0]) },
      { title: "gets", class: "word", key: (index) => nodeName(ROLL.edges[index][1]), cell: (index) => named(ROLL.edges[index][1]) },
      { title: "How", stacked: "How", class: "word", key: sentence, cell: sentence },
      { title: "Sure", stacked: "Sure", class: "word", key: assumed, cell: (index) => (assumed(index) ? `assumed: ${assumed(index)}` : "proved") },
      { title: "To cut it", stacked: "To cut it", class: "word", cell: cutting },
    ],
  });
  const named = (node) => {
    const one = ROLL.nodes[node];
    return [one.identity !== undefined ? identityLink(one.identity) : one.name, " ", el("span", { class: "muted" }, words(one.kind))];
  };
  const every = ROLL.edges.map((_, index) => index);
  const search = el("input", { type: "search", input: () => {
    const asked = searchedFor(search.value);
    table.show(every.filter((index) => { const text = `${nodeName(ROLL.edges[index][0])} ${nodeName(ROLL.edges[index][1])} ${sentence(index)}`.toLowerCase(); return asked.every((word) => text.includes(word)); }));
  } });
  table.show(every);
  return el("div", null, el("div", { class: "filters" }, el("label", null, "Search in the table", search)), table.element);
}
