// Elements are made here and nowhere else, always with text nodes: no string
// of a record is ever parsed as HTML.

const byID = (id) => document.getElementById(id);

// el makes an element. Keys of props are attributes; "on" holds listeners and
// "style" CSS properties, set through the DOM since the page's policy allows no
// style attributes. Children are nodes or strings; null and false are left out.
function el(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

// svg is el for SVG elements.
function svg(tag, props, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, setting] of Object.entries(value)) node.style.setProperty(property, setting);
    } else if (value !== null && value !== false) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined));
  return node;
}

// debounce returns a function that calls fn once, wait milliseconds after the
// last call.
function debounce(fn, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(fn, wait);
  };
}
