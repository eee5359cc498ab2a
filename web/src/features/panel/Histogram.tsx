// Items by posterior uncertainty. A brush over the bars chooses items: drag, or move its handles by arrow keys.
import { Figure, Line, Text } from "./marks";
import { binOf, brushOf, itemsOf, linear, ticks, type PanelState } from "./model";
import { strings, words } from "./strings";
import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

const t = strings.histogram;
const left = 40;
const top = 28;
const foot = 52;

interface Brush {
  readonly from: number;
  readonly to: number;
}

export function Histogram({ state, width, height, brush }: { readonly state: PanelState; readonly width: number; readonly height: number; readonly brush: (from: number, to: number) => void }) {
  const { counts, edges_bits: edges } = state.panel.uncertainty;
  const bins = Math.max(1, counts.length);
  const right = width - 16;
  const bottom = height - foot;
  const pitch = (right - left) / bins;
  const most = Math.max(1, ...counts);
  const y = linear(0, most, bottom, top + 8);
  const at = (bin: number): number => left + bin * pitch;
  const [dragged, setDragged] = useState<Brush | null>(null);
  const begun = useRef<{ readonly bin: number; readonly edge: "from" | "to" | null } | null>(null);
  const { from, to } = dragged ?? brushOf(state);
  const open = Array.from({ length: bins }, () => 0);
  for (const item of state.panel.uncertain_items) {
    const bin = binOf(edges, item.entropy_bits);
    if (!item.settled) open[bin] = (open[bin] ?? 0) + 1;
  }
  const chosen = counts.slice(from, to).reduce((sum, value) => sum + value, 0);
  const low = edges[0] ?? 0;
  const high = edges.at(-1) ?? 1;
  // Bins are drawn alike wide, whatever they span, so their edges are what is named.
  const every = Math.max(1, Math.ceil(44 / pitch));

  // The pressed area begins where the first bin does.
  const placeOf = (event: PointerEvent): number => (event.clientX - event.currentTarget.getBoundingClientRect().left) / pitch;
  const press = (event: PointerEvent<SVGRectElement>): void => {
    const place = placeOf(event);
    const edge = Math.abs(place - from) * pitch < 9 ? "from" : Math.abs(place - to) * pitch < 9 ? "to" : null;
    begun.current = { bin: Math.max(0, Math.min(bins - 1, Math.floor(place))), edge };
    event.currentTarget.setPointerCapture(event.pointerId);
    if (edge === null) setDragged({ from: begun.current.bin, to: begun.current.bin + 1 });
    else setDragged({ from, to });
  };
  const drag = (event: PointerEvent<SVGRectElement>): void => {
    const start = begun.current;
    if (start === null || dragged === null) return;
    const place = placeOf(event);
    const line = Math.max(0, Math.min(bins, Math.round(place)));
    if (start.edge === "from") setDragged({ from: Math.min(line, dragged.to - 1), to: dragged.to });
    else if (start.edge === "to") setDragged({ from: dragged.from, to: Math.max(line, dragged.from + 1) });
    else {
      const bin = Math.max(0, Math.min(bins - 1, Math.floor(place)));
      setDragged({ from: Math.min(start.bin, bin), to: Math.max(start.bin, bin) + 1 });
    }
  };
  const release = (): void => {
    if (begun.current !== null && dragged !== null) brush(dragged.from, dragged.to);
    begun.current = null;
    setDragged(null);
  };
  const median = medianVotes(state, from, to);
  // The words stand in the brush, or beside it when it is narrow.
  const narrow = at(to) - at(from) < 116;
  const before = narrow && right - at(to) < 124;
  const [textAt, side] = narrow ? (before ? ([at(from) - 10, "e"] as const) : ([at(to) + 10, ""] as const)) : ([(at(from) + at(to)) / 2, "m"] as const);

  return (
    <Figure width={width} height={height} label={t.title}>
      {ticks(0, most, 4).map((value) => (
        <g key={value}>
          <Line d={`M${String(left)} ${String(y.at(value))}H${String(right)}`} />
          <Text x={left - 8} y={y.at(value) + 4} kind="e">{value}</Text>
        </g>
      ))}
      <Text x={left} y={14}>{t.items}</Text>
      <rect x={right - 156} y={6} width={9} height={9} fill="var(--accent-strong)" />
      <Text x={right - 142} y={14}>{t.open}</Text>
      <rect x={right - 62} y={6} width={9} height={9} fill="var(--border-strong)" />
      <Text x={right - 48} y={14}>{t.settled}</Text>
      <rect x={at(from)} y={top} width={at(to) - at(from)} height={bottom - top} fill="var(--accent-soft)" fillOpacity={0.6} />
      {counts.map((value, bin) => {
        const waiting = Math.min(value, open[bin] ?? 0);
        const wide = Math.max(1, pitch - 2);
        return (
          <g key={edges[bin]}>
            <rect x={at(bin) + 1} y={y.at(value)} width={wide} height={Math.max(0, y.at(waiting) - y.at(value))} fill="var(--border-strong)" />
            <rect x={at(bin) + 1} y={y.at(waiting)} width={wide} height={bottom - y.at(waiting)} fill="var(--accent-strong)" />
          </g>
        );
      })}
      <Text x={textAt} y={top + 24} kind={`${side} b t`}>{dragged === null && state.choice.kind !== "bits" ? words.notSettled(open.reduce((sum, value) => sum + value, 0)) : words.items(chosen)}</Text>
      <Text x={textAt} y={top + 40} kind={side}>{`${(edges[from] ?? low).toFixed(2)} to ${(edges[to] ?? high).toFixed(2)} bit`}</Text>
      {median === null ? null : <Text x={textAt} y={top + 56} kind={side}>{words.medianVotes(median)}</Text>}
      <rect className="brush-area" data-page-only="" x={left} y={top} width={right - left} height={bottom - top} fill="transparent" onPointerDown={press} onPointerMove={drag} onPointerUp={release} onPointerCancel={release} />
      <Handle label={t.from} x={at(from)} top={top} bottom={bottom} value={edges[from] ?? low} low={low} high={high} move={(by) => { brush(Math.max(0, Math.min(to - 1, from + by)), to); }} />
      <Handle label={t.to} x={at(to)} top={top} bottom={bottom} value={edges[to] ?? high} low={low} high={high} move={(by) => { brush(from, Math.max(from + 1, Math.min(bins, to + by))); }} />
      {edges.map((edge, bin) => (bin % every === 0 ? <Text key={edge} x={at(bin)} y={bottom + 16} kind="m">{String(Number(edge.toFixed(2)))}</Text> : null))}
      <Text x={(left + right) / 2} y={bottom + 36} kind="m">{t.axis}</Text>
    </Figure>
  );
}

function medianVotes(state: PanelState, from: number, to: number): number | null {
  const chosen = new Set(itemsOf({ ...state, choice: { kind: "bits", from, to } }).map((item) => item.item_id));
  const votes = state.panel.uncertain_items.filter((item) => chosen.has(item.item_id)).map((item) => item.votes).sort((a, b) => a - b);
  return votes[Math.floor((votes.length - 1) / 2)] ?? null;
}

function Handle({ label, x, top, bottom, value, low, high, move }: { readonly label: string; readonly x: number; readonly top: number; readonly bottom: number; readonly value: number; readonly low: number; readonly high: number; readonly move: (by: number) => void }) {
  const keys = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -1000, End: 1000 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(by);
  };
  const middle = (top + bottom) / 2;
  return (
    <g className="brush-handle" role="slider" tabIndex={0} aria-label={`${label}, bit`} aria-valuemin={low} aria-valuemax={high} aria-valuenow={value} aria-valuetext={`${value.toFixed(2)} bit`} onKeyDown={keys}>
      <Line d={`M${String(x)} ${String(top)}V${String(bottom)}`} stroke="var(--accent-strong)" strokeWidth={1.5} />
      <rect x={x - 3} y={middle - 12} width={6} height={24} rx={3} fill="var(--surface)" stroke="var(--accent-strong)" strokeWidth={1.5} />
    </g>
  );
}
