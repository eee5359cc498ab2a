// Groups of P, QRS and T: made at a beat, removed as one, and what they measure.
import type { AnnotationBody } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { withRemoved } from "@/core/joins";
import { ticksPerSecond } from "@/core/paper_view";
import type { WaveReadings, Waves } from "@/core/signal_waves";
import { readingsOf, waveKinds } from "@/core/signal_waves";
import type { Change, Labels, WaveGroup } from "./labels";
import type { Changed, SignalState } from "./model";
import { emptyBody, perform } from "./model";

/** The waves as one step: an interval each, and the chain that joins them. The QRS is selected. */
export function withWaves(state: SignalState, labels: Labels, itemId: AnnotationBody["item_id"], waves: Waves, stepName: string): Changed {
  const names = labels.waveLabels;
  if (names === null) return { state, change: [] };
  const members = waveKinds.flatMap((kind): AnnotationBody[] => {
    const [label, wave] = [names.waves[kind], waves[kind]];
    if (label === undefined || wave === undefined || wave.end > state.recording.length_ticks) return [];
    return [{ ...emptyBody(itemId, state.protocol), label, target: { type: "interval", begin_tick: wave.begin, end_tick: wave.end, channels: [] } }];
  });
  const qrs = members.find((body) => body.label === names.waves.qrs);
  if (qrs === undefined || members.length < 2) return { state, change: [] };
  const chain: AnnotationBody = { ...emptyBody(itemId, state.protocol), label: names.group, target: { type: "chain", members: members.map(({ id }) => id) } };
  const changed = perform(state, labels, stepName, [...members, chain].map((body) => ({ id: body.id, body })));
  return { ...changed, state: { ...changed.state, selected: qrs.id, activeEnd: 0, tool: state.tool } };
}

/** What goes when an annotation goes: one wave leaves its group, and a group of one is none. */
export function removal(labels: Labels, id: AnnotationId): Change {
  const chain = labels.chainOf(id);
  return withRemoved(chain === undefined ? [] : [chain], [id]);
}

export function groupRemoval(group: WaveGroup): Change {
  return [...Object.values(group.ids), group.chain.id].map((id) => ({ id, body: null }));
}

/** Readings of a group; its RR is that of the beat in its QRS, or of the QRS before it where beats are not marked. */
export function groupReadings(state: SignalState, labels: Labels, group: WaveGroup): WaveReadings {
  const { qrs } = group.waves;
  const perSecond = ticksPerSecond(state.recording);
  return readingsOf(group.waves, qrs === undefined ? null : rrBefore(labels, qrs.begin, qrs.end), perSecond);
}

/** Ticks from the beat before to the one within [begin, end], or between the begins of this QRS and the one before. */
export function rrBefore(labels: Labels, begin: number, end: number): number | null {
  const { beats, spans } = labels;
  const at = beats.nearest((begin + end) / 2);
  if (at > 0 && beats.tick(at) >= begin && beats.tick(at) <= end) return beats.tick(at) - beats.tick(at - 1);
  const label = labels.waveLabels?.waves.qrs;
  for (let n = spans.from(begin) - 1; n >= 0; n--) if (spans.bodies[n]?.label === label && spans.begin(n) < begin) return begin - spans.begin(n);
  return null;
}
