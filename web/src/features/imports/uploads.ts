import { api, csrf, sayError, urlOf } from "@/api/client";
import type { Import } from "@/api/types";
import { newId, type Branded } from "@/core/ids";
import type { ProjectId } from "@/core/workspace";
import { useSyncExternalStore } from "react";
import { importName, isLitter, type ChosenFile, type Upload } from "./model";

let uploads: readonly Upload[] = [];
const listeners = new Set<() => void>();
const stopped = new Set<string>();
const change = (id: string, update: (upload: Upload) => Upload): void => {
  uploads = uploads.map((upload) => (upload.id === id ? update(upload) : upload));
  for (const listener of listeners) listener();
};

export const useUploads = (): readonly Upload[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    () => uploads,
  );

// XMLHttpRequest, for fetch does not tell how far a body has gone.
const send = (url: string, file: File, progress: (sent: number) => void, running: Set<XMLHttpRequest>): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    running.add(request);
    request.open("PUT", url);
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => {
      progress(event.loaded);
    };
    request.onloadend = () => {
      running.delete(request);
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new Error(request.status === 0 ? "The connection was lost" : request.status === 507 ? "The server's disk is full" : `The server answered ${String(request.status)}`));
    };
    request.send(file);
  });

const lanes = 3;
const attempts = 4;

export function stopUpload(id: string): void {
  stopped.add(id);
  change(id, (upload) => ({ ...upload, state: "stopped" }));
}

export async function startUpload(project: ProjectId, chosen: readonly ChosenFile[], started: () => void): Promise<void> {
  const files = chosen.filter((one) => !isLitter(one.path));
  if (files.length === 0) return;
  const id = newId<Branded<string, "ImportId">>();
  const name = importName(files.length, new Date());
  const upload: Upload = { id, project, name, files: files.length, paths: files.map((one) => one.path), bytes: files.reduce((sum, one) => sum + one.file.size, 0), filesSent: 0, bytesSent: 0, state: "sending", problem: null, startedAt: Date.now() };
  uploads = [upload, ...uploads];
  change(id, (same) => same);
  const base = `/projects/${project}/imports/${id}`;
  const running = new Set<XMLHttpRequest>();
  const partly = new Map<number, number>();
  let wholeBytes = 0;
  const tell = (): void => {
    const bytesSent = wholeBytes + [...partly.values()].reduce((sum, value) => sum + value, 0);
    change(id, (held) => ({ ...held, bytesSent }));
  };
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < files.length) {
      if (stopped.has(id)) {
        for (const request of running) request.abort();
        return;
      }
      const at = next;
      next += 1;
      const one = files[at];
      if (one === undefined) return;
      for (let attempt = 1; ; attempt += 1) {
        try {
          await send(urlOf(`${base}/files/${String(at + 1)}`, { path: one.path }), one.file, (sent) => { partly.set(at, sent); tell(); }, running);
          break;
        } catch (error) {
          partly.delete(at);
          if (attempt === attempts || stopped.has(id)) throw error;
          await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt));
        }
      }
      partly.delete(at);
      wholeBytes += one.file.size;
      change(id, (held) => ({ ...held, filesSent: held.filesSent + 1 }));
      tell();
    }
  };
  try {
    await api.json<Import>(base, { method: "PUT", json: { name } });
    started();
    await Promise.all(Array.from({ length: Math.min(lanes, files.length) }, lane));
    if (stopped.has(id)) return;
    await api.json<Import>(`${base}/finish`, { method: "POST", json: {} });
    change(id, (held) => ({ ...held, state: "sent" }));
  } catch (error) {
    if (!stopped.has(id)) change(id, (held) => ({ ...held, state: "failed", problem: sayError(error).what }));
  }
  started();
}

// All files below what was dropped, folders walked through.
