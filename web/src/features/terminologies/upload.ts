// Sends a release and waits until the server has read it. XMLHttpRequest, for fetch does not tell how far a body has gone.
import { ApiError, csrf, urlOf, type ProblemBody } from "@/api/client";
import type { Terminology } from "@/api/types";
import { strings as t } from "./strings";

export interface Sending {
  readonly answer: Promise<Terminology>;
  readonly stop: () => void;
}

export function sendRelease(release: { readonly name: string; readonly body: Blob }, version: string, progress: (sent: number) => void): Sending {
  const request = new XMLHttpRequest();
  const answer = new Promise<Terminology>((resolve, reject) => {
    request.open("POST", urlOf("/terminologies", { name: release.name, version }));
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => { progress(event.loaded); };
    request.onabort = () => { reject(new DOMException("stopped", "AbortError")); };
    request.onerror = () => { reject(new ApiError({ status: 0, code: "unavailable", title: t.lost, remedy: t.lostRemedy } as ProblemBody)); };
    request.onload = () => {
      if (request.status === 201) resolve(request.response as Terminology);
      else reject(new ApiError({ title: t.failed, ...(request.response as ProblemBody | null), status: request.status } as ProblemBody));
    };
    request.send(release.body);
  });
  return { answer, stop: () => { request.abort(); } };
}
