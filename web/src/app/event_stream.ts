// The server's stream of what changed, with its types told apart. Used in the shared worker, and in the page where a
// browser has no such worker.
const types = ["item.changed", "task.changed", "annotation.changed", "mask.changed", "import.progress", "export.changed", "question.changed", "project.changed", "reset"];

export interface StreamMessage {
  readonly type: string;
  readonly project_id?: string;
}

export function openStream(tell: (message: StreamMessage) => void): EventSource {
  const source = new EventSource("/api/v1/events");
  for (const type of types) {
    source.addEventListener(type, (event: MessageEvent<string>) => {
      tell({ ...(JSON.parse(event.data) as object), type });
    });
  }
  return source;
}
