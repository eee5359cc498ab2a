import { httpTransport } from "@/api/transport";
import { openOutbox, type Outbox, type OutboxChannel } from "@/core/outbox/session";
import { openOutboxStore } from "@/core/outbox/store";
import type { PersonId, SaveState } from "@/core/workspace";
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";

interface Held {
  readonly outbox: Outbox | null;
  readonly problem: string | null; // this browser keeps nothing: then nothing may be labelled in it
}
const OutboxContext = createContext<Held>({ outbox: null, problem: null });

function channelOf(person: PersonId): OutboxChannel & { close(): void } {
  const channel = new BroadcastChannel(`consilium-outbox-${person}`);
  return {
    post: (news) => {
      channel.postMessage(news);
    },
    listen: (listener) => {
      channel.onmessage = (event: MessageEvent<Parameters<typeof listener>[0]>) => {
        listener(event.data);
      };
    },
    close: () => {
      channel.close();
    },
  };
}

export function OutboxProvider({ person, children }: { readonly person: PersonId | null; readonly children: ReactNode }) {
  const [held, setHeld] = useState<Held>({ outbox: null, problem: null });
  useEffect(() => {
    if (person === null) return;
    let gone = false;
    let outbox: Outbox | null = null;
    const channel = channelOf(person);
    const wake = (): void => {
      outbox?.wake();
    };
    const open = async (): Promise<void> => {
      try {
        const store = await openOutboxStore(person);
        outbox = await openOutbox(
          person,
          store,
          httpTransport,
          {
            lock: async (work) => {
              await navigator.locks.request(`consilium-outbox-${person}`, work);
            },
            delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          },
          channel,
        );
        if (gone) outbox.close();
        else setHeld({ outbox, problem: null });
      } catch {
        setHeld({ outbox: null, problem: "This browser cannot keep unsent work on this computer, so labelling is off. Leave private mode, or allow this site to store data." });
      }
    };
    void open();
    window.addEventListener("online", wake);
    document.addEventListener("visibilitychange", wake);
    return () => {
      gone = true;
      outbox?.close();
      channel.close();
      window.removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
      setHeld({ outbox: null, problem: null });
    };
  }, [person]);
  return <OutboxContext.Provider value={held}>{children}</OutboxContext.Provider>;
}

export const useOutbox = (): Held => useContext(OutboxContext);

const nothing: SaveState = { kind: "saved", at: null };
export function useSaveState(): SaveState {
  const { outbox } = useOutbox();
  return useSyncExternalStore(
    (listener) => outbox?.subscribe(listener) ?? (() => undefined),
    () => outbox?.state() ?? nothing,
  );
}
