// Files that the browser makes itself.

export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 10_000);
}

const drawn = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "font-family", "font-size", "font-style", "font-weight", "text-anchor"] as const;

// A figure as a file that stands alone: colours and type are taken from the page (and its theme), what only the
// page needs (focus, handles marked data-page-only) is left out.
export function standaloneSvg(svg: SVGSVGElement, title: string, caption: string): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll<SVGElement>("*")];
  const to = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  from.forEach((element, at) => {
    const target = to[at];
    if (target === undefined) return;
    const style = getComputedStyle(element);
    for (const name of drawn) {
      const value = style.getPropertyValue(name);
      if (value !== "") target.setAttribute(name, value);
    }
    for (const name of ["class", "tabindex", "role", "style", "id"]) target.removeAttribute(name);
  });
  for (const only of copy.querySelectorAll("[data-page-only]")) only.remove();
  const { width, height } = svg.getBoundingClientRect();
  const head = 44;
  const space = "http://www.w3.org/2000/svg";
  const page = getComputedStyle(svg);
  copy.setAttribute("xmlns", space);
  copy.setAttribute("viewBox", `0 ${String(-head)} ${String(width)} ${String(height + head)}`);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height + head));
  const ground = document.createElementNS(space, "rect");
  for (const [name, value] of [["x", "0"], ["y", String(-head)], ["width", String(width)], ["height", String(height + head)], ["fill", page.getPropertyValue("--surface").trim()]] as const) ground.setAttribute(name, value);
  const line = (y: number, size: number, weight: number, colour: string, text: string): SVGTextElement => {
    const element = document.createElementNS(space, "text");
    for (const [name, value] of [["x", "12"], ["y", String(y)], ["font-family", page.fontFamily], ["font-size", `${String(size)}px`], ["font-weight", String(weight)], ["fill", colour]] as const) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };
  copy.prepend(ground, line(18 - head, 13, 650, page.getPropertyValue("--text").trim(), title), line(34 - head, 11, 400, page.getPropertyValue("--text-2").trim(), caption));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}
