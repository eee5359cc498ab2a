import { refreshAfter } from "@/api/queries";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

interface StreamMessage {
  readonly type: string;
  readonly project_id?: string;
}

// Listens to what changed on the server while somebody is signed in.
export function useServerEvents(signedIn: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!signedIn) return;
    const pending = new Map<string, StreamMessage>();
    let timer: ReturnType<typeof setTimeout> | null = null;
    // Many events of one kind in a moment ask once.
    const hear = (message: StreamMessage): void => {
      pending.set(`${message.type}/${message.project_id ?? ""}`, message);
      timer ??= setTimeout(() => {
        timer = null;
        for (const event of pending.values()) refreshAfter(client, event);
        pending.clear();
      }, 400);
    };
    if (!("SharedWorker" in window)) return;
    const worker = new SharedWorker(new URL("./events_worker.ts", import.meta.url), { type: "module", name: "consilium-events" });
    worker.port.onmessage = (event: MessageEvent<StreamMessage>) => {
      hear(event.data);
    };
    worker.port.start();
    worker.port.postMessage("connect");
    const leave = (): void => {
      worker.port.postMessage("close");
    };
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
      if (timer !== null) clearTimeout(timer);
    };
  }, [signedIn, client]);
}
