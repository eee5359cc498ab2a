// A shortcut as keys: "Ctrl+K" is two.
const signs: Readonly<Record<string, string>> = { up: "↑", down: "↓", left: "←", right: "→" };

export function Shortcut({ keys }: { readonly keys: string }) {
  const parts = keys === "+" ? ["+"] : keys.split("+").map((part) => (part === "" ? "+" : part));
  return (
    <span className="shortcut">
      {parts.map((part) => (
        <kbd key={part}>{signs[part.toLowerCase()] ?? part}</kbd>
      ))}
    </span>
  );
}
