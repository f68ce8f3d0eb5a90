// Elements are made here, and nowhere else: texts become text nodes, so that no text can become markup.

const SVG = "http://www.w3.org/2000/svg";

function made(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "href") leadTo(element, String(value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === "" || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

const el = (name, attributes, ...children) => made(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) => made(document.createElementNS(SVG, name), attributes, children);

// A link leads within the page, or to a page that a rule names; never to a script.
function leadTo(element, address) {
  if (!address.startsWith("#")) {
    if (!/^https?:\/\//i.test(address)) return;
    element.setAttribute("rel", "noopener noreferrer");
  }
  element.setAttribute("href", address);
}

// A path, which may go on in the next line behind a slash.
const pathed = (text) => el("span", { class: "mono" }, String(text).split(/(?<=[/\\])/).flatMap((part, index) => (index ? [el("wbr"), part] : [part])));

const put = (element, ...children) => made(element, null, children);
const emptied = (element) => { element.replaceChildren(); return element; };
