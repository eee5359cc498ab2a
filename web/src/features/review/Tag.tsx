// A rater's letter in the rater's colour; the letter alone tells who.
const coloursKnown = 6;

export const raterColour = (n: number): string => `var(--rater-${String((Math.max(0, n) % coloursKnown) + 1)})`;

/** The raters' colours as canvases need them. */
export function coloursOf(element: Element): readonly string[] {
  const style = getComputedStyle(element);
  return Array.from({ length: coloursKnown }, (_, n) => style.getPropertyValue(`--rater-${String(n + 1)}`).trim());
}

/** The same as they are on dark ground, where images stand, whatever the page's theme. */
export function coloursOnDark(): readonly string[] {
  const ground = document.createElement("i");
  ground.dataset["theme"] = "dark";
  document.body.append(ground);
  const colours = coloursOf(ground);
  ground.remove();
  return colours;
}

export function Tag({ name, n, small = false }: { readonly name: string; readonly n: number; readonly small?: boolean }): React.JSX.Element {
  return (
    <span className={small ? "rv-tag rv-tag-small" : "rv-tag"} style={{ background: raterColour(n) }}>
      {name}
    </span>
  );
}
