// One way to the server: same-origin requests with the cookie, the CSRF token on every write, problems as
// ApiError. Paths are below /api/v1.

export interface Violation {
  readonly path: string;
  readonly what: string;
  readonly remedy: string;
}
export interface ProblemBody {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly where?: string;
  readonly remedy?: string;
  readonly violations?: readonly Violation[];
  readonly current?: unknown;
  readonly conflicts?: readonly number[];
  readonly current_revision?: number;
}

export class ApiError extends Error {
  constructor(readonly problem: ProblemBody) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
  }
  get status(): number {
    return this.problem.status;
  }
  get remedy(): string {
    return this.problem.remedy ?? "";
  }
}

// The server could not be reached, or something between answered in its place.
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer");
    this.name = "Unreachable";
  }
}

let csrfToken = "";
let onSignedOut: () => void = () => undefined;

export const setCsrfToken = (token: string): void => {
  csrfToken = token;
};
export const csrf = (): string => csrfToken;
export const whenSignedOut = (callback: () => void): void => {
  onSignedOut = callback;
};

export interface CallOptions {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly ifMatch?: number | "new";
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly signal?: AbortSignal | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export function urlOf(path: string, query: CallOptions["query"] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `/api/v1${path}${text === "" ? "" : `?${text}`}`;
}

async function problemOf(response: Response): Promise<ProblemBody> {
  if ((response.headers.get("Content-Type") ?? "").includes("json")) {
    const body = (await response.json().catch(() => null)) as ProblemBody | null;
    if (body !== null && typeof body === "object") return { ...body, status: response.status };
  }
  return { status: response.status, code: "internal", title: `The server answered ${String(response.status)}` };
}

export async function call(path: string, options: CallOptions = {}): Promise<Response> {
  const method = options.method ?? "GET";
  const headers = new Headers(options.headers);
  let body = options.body;
  if (options.json !== undefined) {
    headers.set("Content-Type", "application/json");
    body = JSON.stringify(options.json);
  }
  if (method !== "GET") headers.set("X-CSRF-Token", csrfToken);
  if (options.ifMatch === "new") headers.set("If-None-Match", "*");
  else if (options.ifMatch !== undefined) headers.set("If-Match", `"${String(options.ifMatch)}"`);
  let response: Response;
  try {
    response = await fetch(urlOf(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body }),
      ...(options.signal === undefined || options.signal === null ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && path !== "/sign_in") onSignedOut();
  throw new ApiError(problem);
}

export const api = {
  call,
  async json<T>(path: string, options?: CallOptions): Promise<T> {
    const response = await call(path, options);
    return (response.status === 204 ? null : await response.json()) as T;
  },
  async text(path: string, options?: CallOptions): Promise<string> {
    return (await call(path, options)).text();
  },
  async bytes(path: string, options?: CallOptions): Promise<ArrayBuffer> {
    return (await call(path, options)).arrayBuffer();
  },
};

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
  readonly total?: number;
}

// Follows the cursor to the end.
export async function allPages<T>(path: string, query: NonNullable<CallOptions["query"]> = {}, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await api.json<Page<T>>(path, { query: { ...query, cursor }, signal: signal ?? null });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && cursor !== "");
  return items;
}

/** The server's words begin small, for logs; on a page they are a sentence. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const sayError = (error: unknown): { what: string; where: string; remedy: string } => {
  if (error instanceof ApiError) return { what: sentence(error.problem.detail ?? error.problem.title), where: error.problem.where ?? "", remedy: sentence(error.remedy) };
  if (error instanceof Unreachable) return { what: "The server does not answer", where: "", remedy: "Check the network; what you did is kept on this computer and sent when it answers." };
  return { what: error instanceof Error ? error.message : "Something went wrong", where: "", remedy: "Try again." };
};
