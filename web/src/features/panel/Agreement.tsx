// Agreement by label: a dot and its interval a row, the target as a line, what is undefined with its reason.
import { Figure, fit, Hit, Line, Text, wrapped } from "./marks";
import { agreementFloor, interval, landisKochBands, linear, standing, ticks, two, unitOf, type PanelState } from "./model";
import { strings, words } from "./strings";
import { textWidth } from "@/ui/text_width";
import type { Estimate } from "./types";

const t = strings.agreement;

interface Row {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly estimate: Estimate;
  readonly target: number | null;
  readonly metric: string;
  readonly inner: boolean; // a class of the subject
}

export function agreementRows(state: PanelState): readonly Row[] {
  const shown = unitOf(state.panel, state.subject)?.agreement.metric;
  return state.panel.units.flatMap((unit) => {
    const { estimate, target, metric } = unit.agreement;
    const row: Row = { key: unit.id, title: metric === shown ? unit.title : `${unit.title} (${words.metric(metric)})`, unit: unit.id, estimate, target, metric, inner: false };
    const classes = unit.id === state.subject && unit.by_class.length > 2 ? unit.by_class : [];
    return [row, ...classes.map((one): Row => ({ key: `${unit.id}/${one.class}`, title: unit.classes.find((named) => named.id === one.class)?.title ?? one.class, unit: unit.id, estimate: one.estimate, target: null, metric, inner: true }))];
  });
}

const foot = 36;
const head = 20;
const pitchLeast = 25;
// A class of the subject stands closer: its row is only looked at.
const innerShare = 0.76;
const tall = (rows: readonly Row[]): number => rows.reduce((sum, row) => sum + (row.inner ? innerShare : 1), 0);
export const agreementLeast = (state: PanelState): number => Math.floor(head + foot + tall(agreementRows(state)) * pitchLeast);

export function Agreement({ state, width, height, choose, open }: { readonly state: PanelState; readonly width: number; readonly height: number; readonly choose: (unit: string) => void; readonly open: (unit: string) => void }) {
  const rows = agreementRows(state);
  const nameWidth = Math.min(220, Math.max(96, 18 + Math.max(...rows.map((row) => textWidth(row.title, 12, row.unit === state.subject && !row.inner ? 650 : 400) + (row.inner ? 14 : 0)))), width * 0.36);
  const right = width - 92;
  const floor = agreementFloor(rows.map((row) => row.estimate));
  const x = linear(floor, 1, nameWidth + 12, right);
  const pitch = Math.min(58, Math.max(pitchLeast, (height - head - foot) / Math.max(1, tall(rows))));
  const bottom = head + tall(rows) * pitch;
  // A scale without anything on it says nothing.
  const some = rows.some((row) => row.estimate.value !== null);
  const own = rows.find((row) => row.unit === state.subject && !row.inner);
  const target = own?.target ?? rows.find((row) => row.target !== null)?.target ?? null;
  const band = landisKochBands.find((one) => own?.estimate.value !== null && own !== undefined && Math.round(own.estimate.value * 100) / 100 <= one.to) ?? null;
  const shown = band !== null && own?.metric === "krippendorff_alpha" && band.to > floor;
  return (
    <Figure width={width} height={height} label={t.title}>
      {shown ? (
        <>
          <rect x={x.at(Math.max(floor, band.from))} y={head} width={x.at(band.to) - x.at(Math.max(floor, band.from))} height={bottom - head} fill="var(--sunken)" />
          <Text x={x.at((Math.max(floor, band.from) + band.to) / 2)} y={12} kind="m">{band.word}</Text>
        </>
      ) : null}
      <Text x={width - 12} y={12} kind="e">{own === undefined ? t.short : words.metric(own.metric)}</Text>
      {(some ? ticks(floor, 1, Math.max(3, Math.min(8, (right - nameWidth) / 60))) : []).map((value) => (
        <g key={value}>
          <Line d={`M${String(x.at(value))} ${String(head)}V${String(bottom)}`} />
          <Text x={x.at(value)} y={bottom + 15} kind="m">{value.toFixed(1).replace("-", "−")}</Text>
        </g>
      ))}
      {target === null || !some ? null : (
        <>
          <Line d={`M${String(x.at(target))} ${String(head)}V${String(bottom + 3)}`} stroke="var(--accent-strong)" strokeWidth={1.5} strokeDasharray="4 3" />
          <Text x={x.at(target)} y={bottom + 31} kind="m">{`${t.target} ${two(target)}`}</Text>
        </>
      )}
      {rows.map((row, at) => (
        <AgreementRow key={row.key} row={row} y={head + tall(rows.slice(0, at)) * pitch} pitch={row.inner ? pitch * innerShare : pitch} x={x.at} nameWidth={nameWidth} width={width} subject={row.unit === state.subject && !row.inner} choose={() => { choose(row.unit); }} open={() => { open(row.unit); }} />
      ))}
    </Figure>
  );
}

function AgreementRow(props: { readonly row: Row; readonly y: number; readonly pitch: number; readonly x: (value: number) => number; readonly nameWidth: number; readonly width: number; readonly subject: boolean; readonly choose: () => void; readonly open: () => void }) {
  const { row, y, pitch, x, nameWidth, width, subject, choose, open } = props;
  const { estimate } = row;
  const middle = y + pitch / 2;
  const stands = standing(estimate, row.target);
  const colour = stands === "below" ? "var(--warn)" : row.inner ? "var(--text-2)" : "var(--text)";
  const why = estimate.undefined ?? "";
  const figures = estimate.value === null ? "" : `${stands === "below" ? `${t.below} ` : ""}${two(estimate.value)} ${interval(estimate)}`;
  const said = estimate.value === null ? `${row.title}: ${t.undefinedTitle}: ${why}` : `${row.title}, ${words.metric(row.metric)} ${figures}`;
  const name = <Text x={row.inner ? 26 : 12} y={middle + 4} kind={row.inner ? "" : subject ? "t b" : "t"}>{fit(row.title, nameWidth - (row.inner ? 22 : 8), 12, subject ? 650 : 400)}</Text>;
  const lines = estimate.value === null ? wrapped(`${t.undefinedTitle}: ${why}`, width - nameWidth - 28, pitch >= 31 ? 2 : 1) : [];
  const plot =
    estimate.value === null ? (
      <>
        <rect x={nameWidth + 8} y={y} width={width - nameWidth - 14} height={pitch + 4} fill="var(--surface)" />
        {lines.map((line, at) => <Text key={line} x={nameWidth + 12} y={middle + 4 + (at - (lines.length - 1) / 2) * 14} kind="i">{line}</Text>)}
      </>
    ) : (
      <>
        {estimate.low === null || estimate.high === null ? null : (
          <>
            <Line d={`M${String(x(estimate.low))} ${String(middle)}H${String(x(estimate.high))}`} stroke={colour} strokeWidth={row.inner ? 1.5 : 2} />
            <Line d={`M${String(x(estimate.low))} ${String(middle - 4)}v8M${String(x(estimate.high))} ${String(middle - 4)}v8`} stroke={colour} />
          </>
        )}
        <circle cx={x(estimate.value)} cy={middle} r={row.inner ? 3.5 : 5} fill={colour} />
        <Text x={width - 12} y={middle + 4} kind={`e${row.inner ? "" : " b"}${stands === "below" ? " w" : ""}`}>{stands === "below" ? `${t.below} ${two(estimate.value)}` : two(estimate.value)}</Text>
      </>
    );
  if (row.inner) {
    return (
      <g>
        <title>{said}</title>
        {name}
        {plot}
      </g>
    );
  }
  return (
    <>
      <Hit x={4} y={y + 0.5} width={nameWidth} height={pitch - 1} label={`${row.title}: make the page about it`} press={choose} pressed={subject}>{name}</Hit>
      <Hit x={nameWidth + 6} y={y + 0.5} width={width - nameWidth - 10} height={pitch - 1} label={`${said}. Show its items`} press={open}>{plot}</Hit>
    </>
  );
}
