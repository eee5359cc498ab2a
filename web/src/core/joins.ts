// What relations, events and chains join, and what becomes of them when something that they join goes.
import type { AnnotationId } from "./ids";
import type { AnnotationBody, Target } from "./domain";

/** The annotations that a target joins, in its order. */
export function joinedBy(target: Target): readonly AnnotationId[] {
  switch (target.type) {
    case "relation": return [target.from, target.to];
    case "event": return [...(target.trigger === null || target.trigger === undefined ? [] : [target.trigger]), ...target.arguments.map((argument) => argument.annotation)];
    case "chain": return target.members;
    default: return [];
  }
}

/** The target with ids replaced; those that are not in the map stay. */
export function rejoined(target: Target, renamed: ReadonlyMap<AnnotationId, AnnotationId>): Target {
  const of = (id: AnnotationId): AnnotationId => renamed.get(id) ?? id;
  switch (target.type) {
    case "relation": return { ...target, from: of(target.from), to: of(target.to) };
    case "event": return { ...target, trigger: target.trigger === null || target.trigger === undefined ? null : of(target.trigger), arguments: target.arguments.map((argument) => ({ ...argument, annotation: of(argument.annotation) })) };
    case "chain": return { ...target, members: target.members.map(of) };
    default: return target;
  }
}

/** The target without what has gone; null when nothing is left to join. A chain of one says nothing. */
function without(target: Target, gone: ReadonlySet<AnnotationId>): Target | null {
  switch (target.type) {
    case "relation": return gone.has(target.from) || gone.has(target.to) ? null : target;
    case "event": {
      const trigger = target.trigger !== null && target.trigger !== undefined && gone.has(target.trigger) ? null : (target.trigger ?? null);
      const kept = target.arguments.filter((argument) => !gone.has(argument.annotation));
      // An event whose trigger goes goes with it: its arguments alone would be another statement.
      return (trigger === null && target.trigger !== null && target.trigger !== undefined) || (trigger === null && kept.length === 0) ? null : { ...target, trigger, arguments: kept };
    }
    case "chain": {
      const members = target.members.filter((member) => !gone.has(member));
      return members.length < 2 ? null : { ...target, members };
    }
    default: return target;
  }
}

/** What else changes when annotations are removed: what joined them shrinks or goes, and so on up. */
export function withRemoved(bodies: readonly AnnotationBody[], removed: readonly AnnotationId[]): readonly { readonly id: AnnotationId; readonly body: AnnotationBody | null }[] {
  const gone = new Set(removed);
  const changed = new Map<AnnotationId, AnnotationBody | null>(removed.map((id) => [id, null]));
  for (let more = true; more; ) {
    more = false;
    for (const stored of bodies) {
      const body = changed.get(stored.id) ?? stored;
      if (gone.has(stored.id) || !joinedBy(body.target).some((id) => gone.has(id))) continue;
      const target = without(body.target, gone);
      changed.set(stored.id, target === null ? null : { ...body, target });
      if (target === null) gone.add(stored.id);
      more = true;
    }
  }
  return [...changed].map(([id, body]) => ({ id, body }));
}
