// Effort to go: the share of settled items against reader hours so far, and the forecast with its interval.
import { Figure, fit, Hit, Hollow, Line, Text } from "./marks";
import { effortWords, forecast, linear, ticks, type PanelState } from "./model";
import { strings } from "./strings";

const t = strings.effort;
const left = 44;
const top = 24;
const foot = 52;

export function Effort({ state, width, height, open }: { readonly state: PanelState; readonly width: number; readonly height: number; readonly open: () => void }) {
  const { curve } = state.panel.effort;
  const { now, end, low, high } = forecast(state.panel);
  const say = effortWords(state.panel);
  if (curve.length === 0) return <Hollow>{t.none}</Hollow>;
  const right = width - 18;
  const bottom = height - foot;
  const last = Math.max(1e-6, now.hours, end ?? 0, high ?? 0);
  const x = linear(0, last, left, right);
  const y = linear(0, 1, bottom, top);
  const path = (points: readonly { readonly hours: number; readonly share: number }[]): string => points.map((point) => `${x.at(point.hours).toFixed(1)} ${y.at(point.share).toFixed(1)}`).join("L");
  // The words stand in the free corner: under the curve once it is high, above it while it is low.
  const under = now.share > 0.5;
  const [wordsX, wordsY, side] = under ? [right, bottom - 50, "e"] as const : [left + 10, top + 22, ""] as const;
  // The curve comes from below on the left and goes on upwards to the right: below on the right nothing is drawn.
  const atRight = right - x.at(now.hours) > 84 && y.at(now.share) + 20 < bottom;
  const [nowX, nowY, nowSide] = atRight ? [x.at(now.hours) + 8, y.at(now.share) + 18, ""] as const : [x.at(now.hours) - 8, y.at(now.share) - 8, x.at(now.hours) - left > 120 ? "e" : ""] as const;
  return (
    <Figure width={width} height={height} label={`${t.title}: ${say.head}, ${say.band}`}>
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <g key={share}>
          <Line d={`M${String(left)} ${String(y.at(share))}H${String(right)}`} />
          <Text x={left - 8} y={y.at(share) + 4} kind="e">{share * 100}</Text>
        </g>
      ))}
      <Text x={12} y={12}>{t.items}</Text>
      {low === null || high === null ? null : <path d={`M${path([now, { hours: low, share: 1 }, { hours: high, share: 1 }])}z`} fill="var(--accent)" fillOpacity={0.16} />}
      {end === null ? null : <Line d={`M${path([now, { hours: end, share: 1 }])}`} stroke="var(--accent-strong)" strokeWidth={2} strokeDasharray="5 3" />}
      <Line d={`M${path(curve)}`} stroke="var(--text)" strokeWidth={2} />
      <circle cx={x.at(now.hours)} cy={y.at(now.share)} r={4} fill="var(--text)" />
      <Text x={nowX} y={nowY} kind={`${nowSide} b`}>{`${t.now}, ${String(Math.floor(now.share * 100))} %`}</Text>
      {end === null ? null : (
        <>
          {under ? <Line d={`M${String(x.at(end))} ${String(y.at(1) + 6)}V${String(wordsY - 16)}`} stroke="var(--accent-strong)" /> : null}
          <circle cx={x.at(end)} cy={y.at(1)} r={4} fill="var(--surface)" stroke="var(--accent-strong)" strokeWidth={2} />
        </>
      )}
      <Hit x={under ? wordsX - 156 : wordsX - 6} y={wordsY - 16} width={162} height={56} label={`${say.head}, ${say.votes}. Show the items that are not settled`} press={open}>
        <Text x={wordsX} y={wordsY} kind={`${side} b t`}>{say.head}</Text>
        <Text x={wordsX} y={wordsY + 16} kind={side}>{fit(say.band, right - left - 20, 11)}</Text>
        <Text x={wordsX} y={wordsY + 32} kind={side}>{say.votes}</Text>
      </Hit>
      {ticks(0, last, Math.max(2, Math.min(8, (right - left) / 70))).map((hours) => <Text key={hours} x={x.at(hours)} y={bottom + 16} kind="m">{hours}</Text>)}
      <Text x={(left + right) / 2} y={bottom + 36} kind="m">{t.axis}</Text>
    </Figure>
  );
}
