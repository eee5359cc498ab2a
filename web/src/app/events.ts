import { openStream, type StreamMessage } from "./event_stream";
import { refreshAfter } from "@/api/queries";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

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
    let own: EventSource | null = null;
    const listenHere = (): void => {
      own ??= openStream(hear);
    };
    const worker = "SharedWorker" in window ? new SharedWorker(new URL("./events_worker.ts", import.meta.url), { type: "module", name: "consilium-events" }) : null;
    if (worker === null) listenHere();
    else {
      worker.onerror = listenHere;
      worker.port.onmessage = (event: MessageEvent<StreamMessage>) => {
        if (event.data.type === "stream.refused") listenHere();
        else hear(event.data);
      };
      worker.port.start();
      worker.port.postMessage("connect");
    }
    const leave = (): void => {
      worker?.port.postMessage("close");
      own?.close();
    };
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
      if (timer !== null) clearTimeout(timer);
    };
  }, [signedIn, client]);
}
