// One event stream for all of a browser's tabs: browsers allow six connections to a server over HTTP/1.1,
// and eight tabs with a stream each would leave none for anything else.

const types = ["item.changed", "task.changed", "annotation.changed", "mask.changed", "import.progress", "export.changed", "question.changed", "project.changed"];
const ports = new Set<MessagePort>();
let source: EventSource | null = null;

const tell = (message: unknown): void => {
  for (const port of ports) port.postMessage(message);
};

function connect(): void {
  if (source !== null && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource("/api/v1/events");
  source.onopen = () => {
    tell({ type: "stream.open" });
  };
  source.onerror = () => {
    tell({ type: "stream.lost" });
  };
  for (const type of types) {
    source.addEventListener(type, (event: MessageEvent<string>) => {
      tell({ ...(JSON.parse(event.data) as object), type });
    });
  }
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
