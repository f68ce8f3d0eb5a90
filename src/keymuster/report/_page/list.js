// Long tables: filtered, sorted, a page at a time, however many rows there are.

const ON_A_PAGE = 100;
const ON_PAPER = 250;
const LISTS = [];

// columns: title, cell(row), and if people may sort by it key(row). `detail(row)` is what opens below a row.
function list({ caption, columns, empty, detail, size, of, plural, sorted }) {
  const most = size || ON_A_PAGE;
  const opened = new Set();
  let rows = [], from = 0, by = sorted === undefined ? null : sorted, down = false;
  const head = el("tr"), body = el("tbody");
  const table = el("table", { class: "stacks" }, el("caption", { class: "hidden" }, caption), el("thead", null, head), body);
  const count = el("span", { role: "status" });
  const back = el("button", { type: "button", click: () => turn(-1) }, "Previous");
  const next = el("button", { type: "button", click: () => turn(1) }, "Next");
  const pages = el("div", { class: "pages" }, back, next, count);
  const left = el("p", { class: "muted", hidden: true });

  columns.forEach((column, index) => {
    const title = column.key ? el("button", { type: "button", click: () => sort(index) }, column.title) : column.title;
    head.append(el("th", { scope: "col", class: column.class, "aria-sort": index === by && "ascending" }, title));
  });

  function sort(index) {
    down = by === index ? !down : Boolean(columns[index].down);
    by = index;
    from = 0;
    [...head.children].forEach((cell, each) => {
      if (each === by) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    draw();
  }

  function ordered() {
    if (by === null) return rows;
    const keyed = rows.map((row) => [columns[by].key(row), row]);
    const way = down ? -1 : 1;
    keyed.sort(([one], [other]) => way * compared(one, other));
    return keyed.map(([, row]) => row);
  }

  function turn(pagesOn) {
    from = Math.max(0, from + pagesOn * most);
    draw();
    table.scrollIntoView({ block: "nearest" });
  }

  function draw(all) {
    const shown = all ? ordered().slice(0, ON_PAPER) : ordered().slice(from, from + most);
    emptied(body).append(...shown.flatMap((row) => drawn(row)));
    const last = Math.min(from + most, rows.length);
    count.textContent = rows.length > most ? `${number(from + 1)} to ${number(last)} of ${number(rows.length)}` : rows.length && of ? several(rows.length, of, plural) : "";
    back.disabled = from === 0;
    next.disabled = last >= rows.length;
    back.hidden = next.hidden = rows.length <= most;
    pages.hidden = !of && rows.length <= most;
    left.hidden = rows.length > 0 && !(all && rows.length > ON_PAPER);
    left.textContent = rows.length ? `${number(rows.length - ON_PAPER)} more are not printed. Filter, and print again.` : empty || "Nothing.";
    table.hidden = !rows.length;
  }

  function drawn(row) {
    const line = el("tr", null, columns.map((column) => el("td", { class: column.class, "data-title": column.stacked }, column.cell(row))));
    const button = detail && line.querySelector("button.plain");
    if (!button) return [line];
    const below = el("tr");
    function show() {
      const opens = opened.has(row);
      if (opens && !below.hasChildNodes()) below.append(el("td", { colspan: columns.length }, el("div", { class: "detail" }, detail(row))));
      below.hidden = !opens;
      line.classList.toggle("open", opens);
      button.setAttribute("aria-expanded", String(opens));
    }
    button.addEventListener("click", () => { if (!opened.delete(row)) opened.add(row); show(); });
    show();
    return [line, below];
  }

  LISTS.push({ draw, table });
  return {
    element: el("div", null, pages, el("div", { class: "wide" }, table), left),
    show(found, isOpen) {
      if (isOpen) found.forEach((row) => opened.add(row));
      rows = found;
      from = 0;
      draw();
    },
  };
}

// Those of a page that is no longer there.
function dropLists() {
  for (let index = LISTS.length - 1; index >= 0; index -= 1) if (PAGE.contains(LISTS[index].table)) LISTS.splice(index, 1);
}

function compared(one, other) {
  if (one === other) return 0;
  if (one === null || one === undefined || one === "") return 1;
  if (other === null || other === undefined || other === "") return -1;
  return one < other ? -1 : 1;
}

// A row of controls whose values stand in the address, so that a link leads to what somebody has picked.
function filters(view, fields, changed) {
  const controls = {};
  const form = el("form", { class: "filters", role: "search", submit: (event) => event.preventDefault() });
  for (const field of fields) {
    if (field.options && !field.several && field.options.length < 2) continue;
    form.append(field.several ? severalOf(field) : field.options ? oneOf(field) : textOf(field));
  }
  form.append(el("button", { type: "button", click: () => { location.hash = `#${view}`; } }, "Clear"));
  let waiting = 0;

  function textOf(field) {
    const input = controls[field.name] = el("input", { type: "search", input: () => { clearTimeout(waiting); waiting = setTimeout(told, 120); } });
    return el("label", null, field.title, input);
  }
  function oneOf(field) {
    const select = controls[field.name] = el("select", { change: told }, el("option", { value: "" }, field.any || "any"),
      field.options.map(([value, title]) => el("option", { value }, title)));
    return el("label", null, field.title, select);
  }
  function severalOf(field) {
    const boxes = field.options.map(([value, title]) => el("input", { type: "checkbox", value, change: told }));
    controls[field.name] = boxes;
    return el("fieldset", null, el("legend", null, field.title), boxes.map((box, index) => el("label", null, box, field.options[index][1])));
  }
  function values() {
    const found = {};
    for (const [name, control] of Object.entries(controls)) {
      const value = Array.isArray(control) ? control.filter((box) => box.checked).map((box) => box.value).join(",") : control.value.trim();
      if (value) found[name] = value;
    }
    return found;
  }
  function told() {
    const found = values();
    const query = new URLSearchParams(found).toString();
    history.replaceState(null, "", `#${view}${query ? `?${query}` : ""}`);
    changed(found);
  }
  return {
    element: form,
    set(given) {
      for (const [name, control] of Object.entries(controls)) {
        const value = given[name] || "";
        if (Array.isArray(control)) control.forEach((box) => { box.checked = value.split(",").includes(box.value); });
        else control.value = value;
      }
      changed(values());
    },
  };
}

// What somebody searches for: all of these words, in any order.
const searchedFor = (text) => (text || "").toLowerCase().split(/\s+/).filter(Boolean);

const optionsOf = (several) => [...new Set(several.filter(Boolean))].sort().map((one) => [one, words(one)]);
