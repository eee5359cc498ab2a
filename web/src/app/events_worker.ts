// One event stream for all of a browser's tabs: browsers allow six connections to a server over HTTP/1.1,
// and eight tabs with a stream each would leave none for anything else.

import { openStream } from "./event_stream";

const ports = new Set<MessagePort>();
let source: EventSource | null = null;

const tell = (message: unknown): void => {
  for (const port of ports) port.postMessage(message);
};

function connect(): void {
  if (source !== null && source.readyState !== EventSource.CLOSED) return;
  const opened = openStream(tell);
  source = opened;
  opened.onerror = () => {
    // Closed for good, not merely lost: pages then listen for themselves.
    if (opened.readyState === EventSource.CLOSED) tell({ type: "stream.refused" });
  };
}

const scope = self as unknown as { onconnect: (event: MessageEvent) => void };
scope.onconnect = (event) => {
  const port = event.ports[0];
  if (port === undefined) return;
  ports.add(port);
  port.onmessage = (message: MessageEvent<string>) => {
    if (message.data === "close") {
      ports.delete(port);
      if (ports.size === 0) {
        source?.close();
        source = null;
      }
    }
    if (message.data === "connect") connect();
  };
  port.start();
  connect();
};
