// Scoring by epochs: an epoch's stage is one interval, and the next epoch comes by itself.
import type { AnnotationBody } from "@/core/workspace";
import { newId } from "@/core/ids";
import type { AnnotationId } from "@/core/ids";
import { centredOn, withView } from "@/core/paper_view";
import { epochCount, nextEpoch, stagesOf } from "@/core/signal_epochs";
import type { Change, Labels } from "./labels";
import type { Changed, Epochs, SignalState } from "./model";
import { emptyBody, perform } from "./model";

export function epochSpan(state: SignalState, epochs: Epochs, n: number): { readonly begin: number; readonly end: number } {
  const begin = Math.round(n * epochs.ticks);
  return { begin, end: Math.min(Math.round((n + 1) * epochs.ticks), state.recording.length_ticks) };
}

export const countOf = (state: SignalState, epochs: Epochs): number => epochCount(state.recording.length_ticks, epochs.ticks);

/** The page on an epoch: moved there when it is not whole in view. */
export function atEpoch(state: SignalState, n: number): SignalState {
  if (state.epochs === null) return state;
  const current = Math.min(Math.max(n, 0), countOf(state, state.epochs) - 1);
  const next = { ...state, selected: null, epochs: { ...state.epochs, current } };
  const { begin, end } = epochSpan(state, state.epochs, current);
  const seen = state.widthPixels * state.ticksPerPixel;
  if (begin >= state.from - 1 && end <= state.from + seen + 1) return next;
  // One epoch to a page turns like a page; wider views keep the epoch in the middle.
  return seen < 1.5 * state.epochs.ticks ? withView(next, begin, state.ticksPerPixel) : centredOn(next, (begin + end) / 2);
}

/** One epoch across the page. */
export function fitEpoch(state: SignalState): SignalState {
  if (state.epochs === null) return state;
  const { begin } = epochSpan(state, state.epochs, state.epochs.current);
  return withView(state, begin, state.epochs.ticks / state.widthPixels);
}

/** Stage `stage` of the plan for an epoch, -1 for none: what held there before is cut or goes. */
export function withStage(state: SignalState, labels: Labels, itemId: AnnotationBody["item_id"], n: number, stage: number, stepName: string): Changed {
  const { epochs } = state;
  if (epochs === null) return { state, change: [] };
  const { begin, end } = epochSpan(state, epochs, n);
  const ids = new Set(epochs.plan.stages.map(({ id }) => id));
  const wanted = epochs.plan.stages[stage]?.id ?? null;
  const change: { id: AnnotationId; body: AnnotationBody | null }[] = [];
  let kept = false;
  for (const at of labels.spans.within(begin, end)) {
    const body = labels.spans.bodies[at];
    if (body?.target.type !== "interval" || body.label === null || !ids.has(body.label)) continue;
    const [from, to] = [labels.spans.begin(at), labels.spans.end(at)];
    if (from === begin && to === end && wanted !== null && !kept) {
      kept = true;
      if (body.label !== wanted || body.target.end_tick === null) change.push({ id: body.id, body: { ...body, label: wanted, target: { ...body.target, end_tick: end } } });
      continue;
    }
    // A stage over several epochs (an imported hypnogram): its rest stays on both sides.
    const part = (first: number, last: number): AnnotationBody => ({ ...body, id: newId<AnnotationId>(), target: { type: "interval", begin_tick: first, end_tick: last, channels: body.target.type === "interval" ? body.target.channels : [] } });
    if (from < begin) change.push({ id: body.id, body: { ...part(from, begin), id: body.id } });
    else change.push({ id: body.id, body: null });
    if (to > end) {
      const rest = part(end, to);
      change.push({ id: rest.id, body: rest });
    }
  }
  if (wanted !== null && !kept) {
    const body: AnnotationBody = { ...emptyBody(itemId, state.protocol), label: wanted, target: { type: "interval", begin_tick: begin, end_tick: end, channels: [] } };
    change.push({ id: body.id, body });
  }
  return change.length === 0 ? { state, change: [] } : perform(state, labels, stepName, change as Change);
}

/** The stage for the current epoch; then the next one is looked at. */
export function scored(state: SignalState, labels: Labels, itemId: AnnotationBody["item_id"], stage: number, stepName: string): Changed {
  if (state.epochs === null) return { state, change: [] };
  const { current } = state.epochs;
  const changed = withStage(state, labels, itemId, current, stage, stepName);
  return stage < 0 ? changed : { ...changed, state: atEpoch(changed.state, current + 1) };
}

export const stagesHere = (state: SignalState, labels: Labels): Int8Array =>
  state.epochs === null ? new Int8Array() : stagesOf(labels.spans, state.epochs.plan, state.epochs.ticks, state.recording.length_ticks);

/** The next epoch that is unscored. */
export function toUnscored(state: SignalState, labels: Labels, by: 1 | -1): SignalState {
  if (state.epochs === null) return state;
  const found = nextEpoch(stagesHere(state, labels), state.epochs.current, by, -1);
  return found < 0 ? state : atEpoch(state, found);
}

/** The next epoch of another stage than this one. */
export function toOtherStage(state: SignalState, labels: Labels, by: 1 | -1): SignalState {
  if (state.epochs === null) return state;
  const stages = stagesHere(state, labels);
  let at = state.epochs.current;
  while (at >= 0 && at < stages.length && stages[at] === stages[state.epochs.current]) at += by;
  return at < 0 || at >= stages.length ? state : atEpoch(state, at);
}

/** Other lengths than the plan's, for this recording while it is open: labels stay where they are. */
export function withEpochLength(state: SignalState, lengthS: number): SignalState {
  if (state.epochs === null || !(lengthS > 0) || lengthS > 3600) return state;
  const ticks = lengthS * (state.epochs.ticks / state.epochs.plan.lengthS);
  const current = Math.floor((state.epochs.current * state.epochs.ticks) / ticks);
  return fitEpoch({ ...state, epochs: { plan: { ...state.epochs.plan, lengthS }, ticks, current } });
}
