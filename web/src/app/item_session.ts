// What an open item needs, be it a reading or an adjudicator's draft: the session that saves, the time in front of it,
// and the sign that somebody is at it.
import { api } from "@/api/client";
import { fetchMasks } from "@/api/transport";
import type { Me } from "@/api/types";
import { itemSession, type ItemSession, type Outbox } from "@/core/outbox/session";
import type { Annotation, ItemDetail, ProjectId, ProjectView, Task } from "@/core/workspace";
import { useEffect, useRef, useState } from "react";

/** What a session is of. */
interface SessionOf {
  readonly project: ProjectView;
  readonly item: ItemDetail;
  readonly annotations: readonly Annotation[];
}

// The session and the labels to begin with, once what waits in the outbox has been read.
export function useSession(opened: SessionOf, outbox: Outbox | null, me: Me): { session: ItemSession; annotations: readonly Annotation[] } | null {
  const [ready, setReady] = useState<{ session: ItemSession; annotations: readonly Annotation[] } | null>(null);
  const { project, item, annotations } = opened;
  useEffect(() => {
    if (outbox === null) return;
    const rater: Annotation["rater"] = { id: me.person.id, kind: "human", display_name: me.person.display_name };
    const session = itemSession(outbox, project.id, item.id, rater, (grid) => fetchMasks(project.id, item.id, grid));
    let gone = false;
    void session.open(annotations).then((all) => {
      if (!gone) setReady({ session, annotations: all });
    });
    return () => {
      gone = true;
      session.close();
    };
  }, [outbox, project.id, item.id, annotations, me.person.id, me.person.display_name]);
  return ready;
}

// Seconds that the item was in front of the rater: a hidden tab does not count.
export function useStopwatch(): () => number {
  const watch = useRef({ seconds: 0, since: 0 });
  useEffect(() => {
    const held = watch.current;
    held.since = document.hidden ? 0 : performance.now();
    const change = (): void => {
      if (document.hidden && held.since > 0) {
        held.seconds += (performance.now() - held.since) / 1000;
        held.since = 0;
      } else if (!document.hidden && held.since === 0) held.since = performance.now();
    };
    document.addEventListener("visibilitychange", change);
    return () => {
      document.removeEventListener("visibilitychange", change);
    };
  }, []);
  return () => watch.current.seconds + (watch.current.since > 0 ? (performance.now() - watch.current.since) / 1000 : 0);
}

export function useLease(project: ProjectId, task: Task | null): void {
  useEffect(() => {
    if (task === null) return;
    const timer = setInterval(() => {
      api.json(`/projects/${project}/tasks/${task.id}/heartbeat`, { method: "POST", json: {} }).catch(() => undefined);
    }, 60_000);
    return () => {
      clearInterval(timer);
    };
  }, [project, task]);
}
