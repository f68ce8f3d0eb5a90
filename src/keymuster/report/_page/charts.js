// Bars and lines. Each bar stands in a table, beside its number, so that nobody has to see it.

function bars(title, rows, more) {
  const most = Math.max(1, ...rows.map((one) => one.parts.reduce((sum, part) => sum + part.value, 0)));
  return el("table", { class: "chart" },
    el("caption", null, title),
    el("thead", { class: "hidden" }, el("tr", null, el("th", { scope: "col" }, "what"), el("th", { scope: "col" }, "bar"), el("th", { scope: "col" }, "number"), more && el("th", { scope: "col" }, more))),
    el("tbody", null, rows.map((one) => {
      const total = one.parts.reduce((sum, part) => sum + part.value, 0);
      return el("tr", null,
        el("th", { scope: "row", class: "word" }, one.href && total ? el("a", { href: one.href }, one.label) : one.label),
        el("td", { class: "bar" }, bar(one.parts, most)),
        el("td", { class: "number" }, number(total)),
        more && el("td", { class: "spark" }, one.more || ""));
    })));
}

function bar(parts, most) {
  let from = 0;
  const shown = parts.filter((part) => part.value).map((part) => {
    const wide = (part.value / most) * 200;
    const rect = svg("rect", { x: from.toFixed(2), y: 0, width: Math.max(wide, 1.5).toFixed(2), height: 12, class: part.class },
      svg("title", null, `${part.name || ""} ${number(part.value)}`.trim()));
    from += wide;
    return rect;
  });
  return svg("svg", { viewBox: "0 0 202 12", width: "100%", height: 12, preserveAspectRatio: "none", "aria-hidden": "true" }, shown);
}

// How a number went, day by day.
function line(values, wide, high, label, filled) {
  const most = Math.max(1, ...values);
  const step = values.length > 1 ? wide / (values.length - 1) : 0;
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${(high - 2 - (value / most) * (high - 4)).toFixed(1)}`);
  return svg("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("line", { class: "axis", x1: 0, x2: wide, y1: high - 1, y2: high - 1 }),
    filled && svg("polygon", { class: "under", points: `0,${high} ${points.join(" ")} ${wide},${high}` }),
    svg("polyline", { class: "line", points: points.join(" ") }));
}

function change(values) {
  const by = values[values.length - 1] - values[0];
  return by > 0 ? `+${number(by)}` : by < 0 ? `\u2212${number(-by)}` : "\u00b10";
}
