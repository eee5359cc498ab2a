// Gold, item by item: one row a rater, one column an item whose truth is known.
import { Figure, fit, Hit, Hollow, RaterMark, Text } from "./marks";
import { byKind, goldByItem, two, type GoldItem, type PanelState } from "./model";
import { strings } from "./strings";
import type { PanelRater } from "./types";

const t = strings.gold;
const head = 18;
const foot = 4;
const names = 140;

const readGold = (state: PanelState): readonly PanelRater[] => byKind(state.panel.raters).filter((rater) => rater.gold !== null);
export const goldLeast = (state: PanelState): number => head + foot + readGold(state).length * 24;

export function Gold({ state, width, height, missed, item }: { readonly state: PanelState; readonly width: number; readonly height: number; readonly missed: (rater: PanelRater) => void; readonly item: (gold: GoldItem) => void }) {
  const gold = goldByItem(state.panel);
  const raters = readGold(state);
  if (gold.length === 0 || raters.length === 0) return <Hollow>{t.none}</Hollow>;
  const figures = 116;
  const from = names + 12;
  const pitch = Math.max(7, Math.min(40, (width - from - figures - 8) / gold.length));
  const tall = Math.min(44, Math.max(24, (height - head - foot) / raters.length));
  const radius = Math.min(tall > 30 && pitch > 24 ? 6.5 : 5, pitch * 0.34);
  const every = pitch >= 14 ? 5 : 10;
  const x = (at: number): number => from + at * pitch;
  return (
    <Figure width={width} height={height} label={t.title}>
      {gold.map((one, at) => (at === 0 || (at + 1) % every === 0 ? <Text key={one.item_id} x={x(at)} y={12} kind="m">{at + 1}</Text> : null))}
      <Text x={width - 12} y={12} kind="e">{t.right}</Text>
      {raters.map((rater, row) => {
        const y = head + (row + 0.5) * tall;
        const { estimate, right, of } = rater.gold ?? { estimate: { value: null, low: null, high: null }, right: 0, of: 0 };
        return (
          <g key={rater.rater_id}>
            <Hit x={4} y={y - tall / 2 + 0.5} width={width - 8} height={tall - 1} label={`${rater.name}: ${String(right)} of ${String(of)} answers right. Show those missed`} press={() => { missed(rater); }}>
              <RaterMark kind={rater.kind} x={16} y={y} />
              <Text x={28} y={y + 4} kind="t">{fit(rater.name, names - 28)}</Text>
              <Text x={width - 12} y={y + 4} kind="e">{estimate.value === null ? strings.raters.none : `${two(estimate.value)}${estimate.low === null || estimate.high === null ? "" : ` [${two(estimate.low)}, ${two(estimate.high)}]`}`}</Text>
            </Hit>
            {gold.map((one, at) => {
              const wrong = one.missed.get(rater.rater_id);
              return wrong === undefined ? null : <Dot key={one.item_id} x={x(at)} y={y} radius={radius} right={wrong.length === 0} label={`Gold ${String(at + 1)}, item ${String(one.number)}: ${wrong.length === 0 ? "right" : wrong.join("; ")}`} press={() => { item(one); }} />;
            })}
          </g>
        );
      })}
    </Figure>
  );
}

// For the pointer alone: by keyboard a row's list leads to the same items.
const Dot = ({ x, y, radius, right, label, press }: { readonly x: number; readonly y: number; readonly radius: number; readonly right: boolean; readonly label: string; readonly press: () => void }) => (
  <circle className={right ? "gold-dot right" : "gold-dot"} cx={x} cy={y} r={right ? radius : radius - 0.5} fill="var(--surface)" stroke={right ? "none" : "var(--danger)"} strokeWidth={2} onClick={press}>
    <title>{label}</title>
  </circle>
);
