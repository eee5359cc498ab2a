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
interface Bins {
  readonly count: number;
  readonly pitch: number;
}

// Dragging over the bars makes a brush of whole bins; dragging one of its edges moves that.
function useBrush(held: Brush, { count, pitch }: Bins, choose: (from: number, to: number) => void) {
  const [dragged, setDragged] = useState<Brush | null>(null);
  const begun = useRef<{ readonly bin: number; readonly edge: keyof Brush | null } | null>(null);
  const { from, to } = dragged ?? held;
  const within = (bin: number): number => Math.max(0, Math.min(count - 1, Math.floor(bin)));
  // The pressed area begins where the first bin does.
  const placeOf = (event: PointerEvent): number => (event.clientX - event.currentTarget.getBoundingClientRect().left) / pitch;
  const press = (event: PointerEvent<SVGRectElement>): void => {
    const place = placeOf(event);
    const edge = Math.abs(place - from) * pitch < 9 ? "from" : Math.abs(place - to) * pitch < 9 ? "to" : null;
    const bin = within(place);
    begun.current = { bin, edge };
    event.currentTarget.setPointerCapture(event.pointerId);
    setDragged(edge === null ? { from: bin, to: bin + 1 } : { from, to });
  };
  const drag = (event: PointerEvent<SVGRectElement>): void => {
    const start = begun.current;
    if (start === null || dragged === null) return;
    const place = placeOf(event);
    const line = Math.max(0, Math.min(count, Math.round(place)));
    if (start.edge === "from") setDragged({ from: Math.min(line, dragged.to - 1), to: dragged.to });
    else if (start.edge === "to") setDragged({ from: dragged.from, to: Math.max(line, dragged.from + 1) });
    else setDragged({ from: Math.min(start.bin, within(place)), to: Math.max(start.bin, within(place)) + 1 });
  };
  const release = (): void => {
    if (begun.current !== null && dragged !== null) choose(dragged.from, dragged.to);
    begun.current = null;
    setDragged(null);
  };
  return { from, to, dragging: dragged !== null, handlers: { onPointerDown: press, onPointerMove: drag, onPointerUp: release, onPointerCancel: release } };
}

// How many of each bin are not settled.
function openOf(state: PanelState): readonly number[] {
  const { counts, edges_bits: edges } = state.panel.uncertainty;
  const open = counts.map(() => 0);
  for (const item of state.panel.uncertain_items) {
    const bin = binOf(edges, item.entropy_bits);
    if (!item.settled) open[bin] = (open[bin] ?? 0) + 1;
  }
  return open;
}
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

export function Histogram({ state, width, height, brush }: { readonly state: PanelState; readonly width: number; readonly height: number; readonly brush: (from: number, to: number) => void }) {
  const { counts, edges_bits: edges } = state.panel.uncertainty;
  const bins = Math.max(1, counts.length);
  const right = width - 16;
  const bottom = height - foot;
  const pitch = (right - left) / bins;
  const most = Math.max(1, ...counts);
  const y = linear(0, most, bottom, top + 8);
  const at = (bin: number): number => left + bin * pitch;
  const { from, to, dragging, handlers } = useBrush(brushOf(state), { count: bins, pitch }, brush);
  const open = openOf(state);
  const low = edges[0] ?? 0;
  const high = edges.at(-1) ?? 1;
  // Bins are drawn alike wide, whatever they span, so their edges are what is named.
  const every = Math.max(1, Math.ceil(44 / pitch));
  const said = !dragging && state.choice.kind !== "bits" ? words.notSettled(sum(open)) : words.items(sum(counts.slice(from, to)));
  return (
    <Figure width={width} height={height} label={`${t.title}: ${words.notSettled(sum(open))} of ${String(sum(counts))}`}>
      {ticks(0, most, 4).map((value) => (
        <g key={value}>
          <Line d={`M${String(left)} ${String(y.at(value))}H${String(right)}`} />
          <Text x={left - 8} y={y.at(value) + 4} kind="e">{value}</Text>
        </g>
      ))}
      <Text x={left} y={14}>{t.items}</Text>
      <Legend right={right} />
      <rect x={at(from)} y={top} width={at(to) - at(from)} height={bottom - top} fill="var(--accent-soft)" fillOpacity={0.6} />
      {counts.map((value, bin) => {
        const unsettled = Math.min(value, open[bin] ?? 0);
        const wide = Math.max(1, pitch - 2);
        return (
          <g key={edges[bin]}>
            <rect x={at(bin) + 1} y={y.at(value)} width={wide} height={Math.max(0, y.at(unsettled) - y.at(value))} fill="var(--border-strong)" />
            <rect x={at(bin) + 1} y={y.at(unsettled)} width={wide} height={bottom - y.at(unsettled)} fill="var(--accent-strong)" />
          </g>
        );
      })}
      <BrushWords from={at(from)} to={at(to)} right={right} lines={[said, words.choiceBits(edges[from] ?? low, edges[to] ?? high), medianVotes(state, from, to)]} />
      <rect className="brush-area" data-page-only="" x={left} y={top} width={right - left} height={bottom - top} fill="transparent" {...handlers} />
      <Handle label={t.from} x={at(from)} top={top} bottom={bottom} value={edges[from] ?? low} low={low} high={high} move={(by) => { brush(Math.max(0, Math.min(to - 1, from + by)), to); }} />
      <Handle label={t.to} x={at(to)} top={top} bottom={bottom} value={edges[to] ?? high} low={low} high={high} move={(by) => { brush(from, Math.max(from + 1, Math.min(bins, to + by))); }} />
      {edges.map((edge, bin) => (bin % every === 0 ? <Text key={edge} x={at(bin)} y={bottom + 16} kind="m">{String(Number(edge.toFixed(2)))}</Text> : null))}
      <Text x={(left + right) / 2} y={bottom + 36} kind="m">{t.axis}</Text>
    </Figure>
  );
}

const Legend = ({ right }: { readonly right: number }) => (
  <>
    <rect x={right - 156} y={6} width={9} height={9} fill="var(--accent-strong)" />
    <Text x={right - 142} y={14}>{t.open}</Text>
    <rect x={right - 62} y={6} width={9} height={9} fill="var(--border-strong)" />
    <Text x={right - 48} y={14}>{t.settled}</Text>
  </>
);

// The words stand in the brush, or beside it when it is narrow.
function BrushWords({ from, to, right, lines }: { readonly from: number; readonly to: number; readonly right: number; readonly lines: readonly string[] }) {
  const narrow = to - from < 116;
  const before = narrow && right - to < 124;
  const [x, side] = narrow ? (before ? ([from - 10, "e"] as const) : ([to + 10, ""] as const)) : ([(from + to) / 2, "m"] as const);
  return lines.map((line, at) => <Text key={at} x={x} y={top + 24 + at * 16} kind={at === 0 ? `${side} b t` : side}>{line}</Text>);
}

function medianVotes(state: PanelState, from: number, to: number): string {
  const chosen = new Set(itemsOf({ ...state, choice: { kind: "bits", from, to } }).map((item) => item.item_id));
  const votes = state.panel.uncertain_items.filter((item) => chosen.has(item.item_id)).map((item) => item.votes).sort((a, b) => a - b);
  const median = votes[Math.floor((votes.length - 1) / 2)];
  return median === undefined ? "" : words.medianVotes(median);
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
