// One row a rater: how many items, how reliable with interval, whether they drift, gold, and pace.
import { Figure, fit, Hit, Line, markColour, RaterMark, Text } from "./marks";
import { byKind, interval, linear, markOf, two, type Mark, type PanelState } from "./model";
import { strings } from "./strings";
import type { PanelRater } from "./types";

const t = strings.raters;
const head = 24;
const foot = 30;
const gap = 8;
const pitchLeast = 25;

// People, models and rules stand apart.
const breaks = (raters: readonly PanelRater[]): readonly number[] => raters.flatMap((rater, at) => (at > 0 && markOf(rater.kind) !== markOf(raters[at - 1]?.kind ?? "") ? [at] : []));
export const ratersLeast = (state: PanelState): number => head + foot + state.panel.raters.length * pitchLeast + breaks(byKind(state.panel.raters)).length * gap;

interface Columns {
  readonly name: number;
  readonly items: number;
  readonly value: number;
  readonly plot: readonly [number, number];
  readonly drift: readonly [number, number];
  readonly gold: number;
  readonly minutes: number;
}
// Names, plot and sparkline share what the figures leave.
function columns(width: number): Columns {
  const spare = Math.max(0, width - 500);
  const name = 114 + Math.min(90, spare * 0.25);
  const items = 28 + name + 34;
  const plotFrom = items + 52;
  const plotTo = plotFrom + 66 + Math.min(420, spare * 0.42);
  const minutes = width - 12;
  const gold = minutes - 66;
  return { name, items, value: items + 40, plot: [plotFrom, plotTo], drift: [plotTo + 18, gold - 54], gold, minutes };
}

export function Raters({ state, width, height, compare, against, gold }: { readonly state: PanelState; readonly width: number; readonly height: number; readonly compare: (rater: PanelRater) => void; readonly against: (rater: PanelRater) => void; readonly gold: (rater: PanelRater) => void }) {
  const raters = byKind(state.panel.raters);
  const split = breaks(raters);
  const pitch = Math.min(52, Math.max(pitchLeast, (height - head - foot - split.length * gap) / Math.max(1, raters.length)));
  const c = columns(width);
  const lowest = Math.min(0.5, ...raters.map((rater) => rater.reliability.low ?? 1));
  const x = linear(Math.floor(lowest * 10) / 10, 1, c.plot[0], c.plot[1]);
  const top = (at: number): number => head + at * pitch + split.filter((one) => one <= at).length * gap;
  const bottom = Math.min(height - 12, top(raters.length - 1) + pitch + 20);
  const kinds = [...new Set(raters.map((rater) => markOf(rater.kind)))];
  const drifts = raters.filter((rater) => rater.drift.flagged);
  return (
    <Figure width={width} height={height} label={t.title}>
      <Text x={28} y={14}>{t.rater}</Text>
      <Text x={c.items} y={14} kind="e">{t.items}</Text>
      <Text x={c.plot[0]} y={14}>{t.reliability}</Text>
      <Text x={c.drift[0]} y={14}>{t.drift}</Text>
      <Text x={c.gold} y={14} kind="e">{t.gold}</Text>
      <Text x={c.minutes} y={14} kind="e">{t.minutes}</Text>
      <Line d={`M0 ${String(head - 2)}H${String(width)}`} />
      {split.map((at) => <Line key={at} d={`M0 ${String(top(at) - gap / 2)}H${String(width)}`} />)}
      {raters.map((rater, at) => (
        <RaterRow key={rater.rater_id} rater={rater} y={top(at)} pitch={pitch} c={c} x={x.at} drawn={state.raters?.includes(rater.rater_id) ?? false} compare={() => { compare(rater); }} against={() => { against(rater); }} gold={() => { gold(rater); }} />
      ))}
      {kinds.map((kind: Mark, at) => (
        <g key={kind}>
          <RaterMark kind={kind} x={16 + at * 68} y={bottom - 4} />
          <Text x={28 + at * 68} y={bottom}>{strings.kinds[kind]}</Text>
        </g>
      ))}
      <Text x={c.plot[0]} y={bottom} kind="m">{x.from.toFixed(1)}</Text>
      <Text x={c.plot[1]} y={bottom} kind="m">1.0</Text>
      {drifts.length === 0 ? null : (
        <Text x={c.drift[0]} y={bottom} kind="w" title={drifts.map((rater) => `${rater.name}: ${rater.drift.words}`).join("\n")}>
          {`▼ ${fit(`drifts${drifts.length === 1 && drifts[0] !== undefined ? `: ${drifts[0].drift.words}` : ""}`, width - c.drift[0] - 24, 11, 650)}`}
        </Text>
      )}
    </Figure>
  );
}

function RaterRow(props: { readonly rater: PanelRater; readonly y: number; readonly pitch: number; readonly c: Columns; readonly x: (value: number) => number; readonly drawn: boolean; readonly compare: () => void; readonly against: () => void; readonly gold: () => void }) {
  const { rater, y, pitch, c, x, drawn, compare, against, gold } = props;
  const { reliability, drift } = rater;
  const middle = y + pitch / 2;
  const colour = markColour[markOf(rater.kind)];
  const said = reliability.value === null ? `reliability ${strings.agreement.undefinedTitle}: ${reliability.undefined ?? ""}` : `reliability ${two(reliability.value)} ${interval(reliability)}`;
  const words = `${rater.name}, ${strings.kinds[markOf(rater.kind)]}: ${String(rater.items)} items, ${said}${drift.words === "" ? "" : `. ${drift.words}`}. Show where it differs from the consensus`;
  return (
    <>
      <Hit x={4} y={y + 1} width={c.name + 20} height={pitch - 2} label={`${rater.name}: draw their confusions`} press={compare} pressed={drawn}>
        <RaterMark kind={rater.kind} x={16} y={middle} />
        <Text x={28} y={middle + 4} kind="t">{fit(rater.name, c.name)}</Text>
      </Hit>
      <Hit x={c.name + 26} y={y + 1} width={c.gold - 48 - c.name - 26} height={pitch - 2} label={words} press={against} id={`panel-rater-${rater.rater_id}`}>
        <Text x={c.items} y={middle + 4} kind="e">{rater.items}</Text>
        {reliability.value === null ? (
          <Text x={c.value} y={middle + 4} kind="m" title={reliability.undefined ?? ""}>{t.none}</Text>
        ) : (
          <>
            <Text x={c.value} y={middle + 4} kind="m b">{two(reliability.value)}</Text>
            <Line d={`M${String(c.plot[0])} ${String(middle)}H${String(c.plot[1])}`} />
            {reliability.low === null || reliability.high === null ? null : <Line d={`M${String(x(reliability.low))} ${String(middle)}H${String(x(reliability.high))}`} stroke="var(--text)" strokeWidth={2} />}
            <circle cx={x(reliability.value)} cy={middle} r={4} fill="var(--text)" />
          </>
        )}
        <Spark values={drift.values} from={c.drift[0]} to={c.drift[1]} y={middle} tall={Math.min(16, pitch - 10)} colour={colour} flagged={drift.flagged} />
      </Hit>
      {rater.gold === null ? (
        <Text x={c.gold} y={middle + 4} kind="e">{t.none}</Text>
      ) : (
        <Hit x={c.gold - 44} y={y + 1} width={50} height={pitch - 2} label={`${rater.name}: ${String(rater.gold.right)} of ${String(rater.gold.of)} gold items right ${interval(rater.gold.estimate)}. Show those missed`} press={gold}>
          <Text x={c.gold} y={middle + 4} kind="e">{`${String(rater.gold.right)} / ${String(rater.gold.of)}`}</Text>
        </Hit>
      )}
      <Text x={c.minutes} y={middle + 4} kind="e">{rater.median_s === null ? t.none : (rater.median_s / 60).toFixed(1)}</Text>
    </>
  );
}

// Agreement with the consensus over time, about the rater's own mean; all on one scale of a quarter each way.
function Spark({ values, from, to, y, tall, colour, flagged }: { readonly values: readonly number[]; readonly from: number; readonly to: number; readonly y: number; readonly tall: number; readonly colour: string; readonly flagged: boolean }) {
  if (values.length < 2) return <Text x={from} y={y + 4}>{t.none}</Text>;
  const end = flagged ? to - 18 : to - 4;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.max(0.12, ...values.map((value) => Math.abs(value - mean)));
  const at = (n: number): string => (from + (n / (values.length - 1)) * (end - from)).toFixed(1);
  const height = (value: number): string => (y - ((value - mean) / spread) * (tall / 2)).toFixed(1);
  return (
    <>
      <Line d={`M${String(from)} ${String(y)}H${String(end)}`} stroke="var(--border-strong)" strokeDasharray="2 2" />
      <Line d={`M${values.map((value, n) => `${at(n)} ${height(value)}`).join("L")}`} stroke={colour} strokeWidth={flagged ? 2 : 1.5} />
      <circle cx={at(values.length - 1)} cy={height(values.at(-1) ?? mean)} r={2.5} fill={colour} />
      {flagged ? <Text x={to - 10} y={y + 4} kind="w">▼</Text> : null}
    </>
  );
}
