// What a page puts into the frame around it: the trail, the case, the line at the foot. The frame shows,
// pages say; neither knows the other.
import { useEffect, useSyncExternalStore, type ReactNode } from "react";

export interface Crumb {
  readonly label: string;
  readonly to?: string;
}
export interface FrameSlots {
  readonly crumbs: readonly Crumb[];
  readonly badge: string | null; // the case that is open
  readonly left: ReactNode;
  readonly right: ReactNode;
  readonly dark: boolean; // the page is always dark (images)
}

const empty: FrameSlots = { crumbs: [], badge: null, left: null, right: null, dark: false };
let slots = empty;
const listeners = new Set<() => void>();

export function setFrame(change: Partial<FrameSlots>): void {
  slots = { ...slots, ...change };
  for (const listener of listeners) listener();
}

export const useFrameSlots = (): FrameSlots =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    () => slots,
  );

// A page's trail, and its title in the browser's tab.
export function usePage(crumbs: readonly Crumb[], badge: string | null = null, dark = false): void {
  const trail = JSON.stringify(crumbs);
  useEffect(() => {
    const parsed = JSON.parse(trail) as Crumb[];
    setFrame({ crumbs: parsed, badge, dark });
    document.title = [parsed.at(-1)?.label, "Consilium"].filter((part) => part !== undefined).join(" · ");
  }, [trail, badge, dark]);
  useEffect(
    () => () => {
      setFrame(empty);
    },
    [],
  );
}
