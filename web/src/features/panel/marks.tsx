// The parts that figures share: text, marks of raters, intervals, and areas that can be pressed.
import type { KeyboardEvent, ReactNode } from "react";
import { cut, markOf, wrap } from "./model";
import { textWidth } from "@/ui/text_width";

export const markColour = { human: "var(--label-1)", model: "var(--label-2)", rule: "var(--label-3)" } as const;

// Who it is: shape and colour, never colour alone.
export function RaterMark({ kind, x, y }: { readonly kind: string; readonly x: number; readonly y: number }) {
  const mark = markOf(kind);
  if (mark === "human") return <circle cx={x} cy={y} r={4.5} fill={markColour.human} />;
  if (mark === "model") return <path d={`M${String(x)} ${String(y - 5.5)}l5.5 5.5-5.5 5.5-5.5-5.5z`} fill={markColour.model} />;
  return <rect x={x - 4} y={y - 4} width={8} height={8} fill={markColour.rule} />;
}

export function Text({ x, y, children, kind = "", title }: { readonly x: number; readonly y: number; readonly children: ReactNode; readonly kind?: string; readonly title?: string }) {
  return (
    <text x={x} y={y} className={kind}>
      {title === undefined ? null : <title>{title}</title>}
      {children}
    </text>
  );
}

// Cut to the room that it has; whole in the tooltip of what it stands in.
export const fit = (text: string, width: number, size = 12, weight = 400): string => cut(text, width, (part) => textWidth(part, size, weight));

export const wrapped = (text: string, width: number, lines: number, size = 11): readonly string[] => wrap(text, width, lines, (part) => textWidth(part, size));

export function Line({ d, ...look }: { readonly d: string; readonly stroke?: string; readonly strokeWidth?: number; readonly strokeDasharray?: string }) {
  return <path d={d} fill="none" stroke="var(--border)" {...look} />;
}

// An area of a figure that does something, or (without `press`) only tells its value. Its name is read out and shown as a tooltip; what is drawn in it lies
// above, and lets the pointer through.
export function Hit(props: { readonly x: number; readonly y: number; readonly width: number; readonly height: number; readonly label: string; readonly press: (() => void) | null; readonly pressed?: boolean; readonly reachable?: boolean; readonly id?: string; readonly move?: (event: KeyboardEvent<SVGGElement>) => void; readonly children?: ReactNode }) {
  const { x, y, width, height, label, press, pressed, reachable = true, id, move, children } = props;
  const keys = (event: KeyboardEvent<SVGGElement>): void => {
    if (press !== null && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      press();
    } else move?.(event);
  };
  return (
    <>
      <g className="hit" data-page-only="" role={press === null ? "img" : "button"} id={id} tabIndex={reachable ? 0 : -1} aria-label={label} aria-pressed={pressed} onClick={press ?? undefined} onKeyDown={keys}>
        <title>{label}</title>
        <rect className="hit-area" data-on={pressed === true ? "" : undefined} x={x} y={y} width={width} height={height} rx={4} />
      </g>
      <g className="hit-content" aria-hidden>
        {children}
      </g>
    </>
  );
}

export function Figure({ width, height, label, children }: { readonly width: number; readonly height: number; readonly label: string; readonly children: ReactNode }) {
  return (
    <svg className="figure-drawing" data-figure="" width={width} height={height} role="group" aria-label={label}>
      {children}
    </svg>
  );
}

export const Hollow = ({ children }: { readonly children: ReactNode }) => <p className="pn-hollow">{children}</p>;
