// Uploads go on while other pages are looked at, so they live outside the page. A file is streamed from the
// disk by the browser; nothing is read into memory here.

import type { DroppedFile } from "@/ui/FileDrop";

// The names' meanings go along as a file of the import, which is kept as long as its other files.
export function withLabelMap(files: readonly ChosenFile[], names: string): readonly ChosenFile[] {
  if (names.trim() === "") return files;
  return [...files, { path: "label-map.txt", file: new File([`${names.trim()}\n`], "label-map.txt", { type: "text/plain" }) }];
}

export type ChosenFile = DroppedFile;
export interface Upload {
  readonly id: string; // of the import
  readonly project: string;
  readonly name: string;
  readonly files: number;
  readonly paths: readonly string[]; // of file 1, 2, ... as they were chosen; kept in this window alone
  readonly bytes: number;
  readonly filesSent: number;
  readonly bytesSent: number;
  readonly state: "sending" | "sent" | "failed" | "stopped";
  readonly problem: string | null;
  readonly startedAt: number;
}

// Files that systems leave in folders and that hold nothing of anybody.
export const isLitter = (path: string): boolean => /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX\/.*)$/i.test(path);

// A name for the import that tells nothing of a patient: the folder's name may.
export const importName = (count: number, now: Date): string => `${String(count)} ${count === 1 ? "file" : "files"}, ${now.toISOString().slice(0, 16).replace("T", " ")}`;

export const share = (upload: Upload): number => (upload.bytes === 0 ? (upload.files === 0 ? 1 : upload.filesSent / upload.files) : upload.bytesSent / upload.bytes);

export function rate(upload: Upload, now: number): { readonly bytesPerSecond: number; readonly secondsLeft: number | null } {
  const seconds = Math.max(0.001, (now - upload.startedAt) / 1000);
  const bytesPerSecond = upload.bytesSent / seconds;
  return { bytesPerSecond, secondsLeft: bytesPerSecond <= 0 ? null : (upload.bytes - upload.bytesSent) / bytesPerSecond };
}
