// Development only: answers /api/v1 from generated data when no server is named. Nothing is real.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { makePanel, type PanelVariant } from "./mock_panel.ts";
import { adjudicate, bricks, frames, itemOpinions, recording, reviewNote, reviewRows, signalWindow, studies } from "./mock_review.ts";

let seed = 7;
const random = (): number => {
  seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
  return seed / 0x7fffffff;
};
const id = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
const day = 86_400_000;
const at = (msAgo: number): string => new Date(Date.now() - msAgo).toISOString();
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const me = {
  person: { id: id(1), name: "mara", display_name: "Mara Reed", initials: "MR" },
  roles: ["administrator", "compliance"],
  projects: [{ id: id(100), name: "Cardio-oncology follow-up", roles: ["lead", "rater", "reviewer", "adjudicator"] }],
  csrf_token: "token",
  sign_in_id: id(9),
};
let signedIn = true;

const sentences = ["LVEF 48 %, was 61 %. Trastuzumab is paused until the next echo.", "No chest pain. Mild dyspnoea since cycle 4, no oedema.", "Epirubicin 240 mg/m² so far. BNP 38 ng/L, stable.", "Palpitations at night, two or three a week. Holter ordered."];
const ecg = (): number[] => {
  const beats = Array.from({ length: 4 }, (_, n) => 0.25 + n * 0.78 + random() * 0.1);
  return Array.from({ length: 150 }, (_, n) => {
    const t = n / 50;
    return beats.reduce((sum, beat) => sum + Math.exp(-(((t - beat) / 0.018) ** 2) / 2) + 0.25 * Math.exp(-(((t - beat - 0.28) / 0.06) ** 2) / 2) + 0.12 * Math.exp(-(((t - beat + 0.16) / 0.03) ** 2) / 2), random() * 0.03);
  });
};
const items = Array.from({ length: 240 }, (_, n) => {
  const kind = pick(["image", "image", "text", "signal"] as const);
  const mine = n < 130 ? "submitted" : pick(["none", "none", "none", "none", "leased", "draft", "skipped"] as const);
  const readers = { wanted: 2, submitted: mine === "submitted" ? 1 + Math.round(random()) : Math.round(random()) };
  return {
    id: id(1000 + n), project_id: id(100), number: n + 1, kind,
    title: kind === "image" ? "CT chest with contrast" : kind === "text" ? "Oncology clinic note" : "Holter, 24 h",
    patient: { id: id(5000 + (n % 80)), pseudonym: `P-${String(1 + ((n * 37) % 900)).padStart(4, "0")}` },
    modality: kind === "image" ? "CT" : kind === "text" ? "NOTE" : "ECG",
    date: `2024-${String(1 + (n % 12)).padStart(2, "0")}-${String(1 + ((n * 7) % 28)).padStart(2, "0")}`,
    state: readers.submitted >= 2 ? "done" : mine === "skipped" ? "skipped" : mine === "none" ? "available" : mine === "submitted" ? "submitted" : "in_progress",
    readers,
    mine: { task_id: mine === "none" ? null : id(3000 + n), state: mine, annotations: mine === "draft" ? 7 : mine === "submitted" ? 9 : 0, answered: mine === "draft" ? 5 : 0, lease_until: null, updated_at: mine === "none" ? null : at(n * 600_000), skip_reason: mine === "skipped" ? "Images are of another body part" : null },
    preview: kind === "image" ? { kind, url: `/api/v1/projects/${id(100)}/items/${id(1000 + n)}/thumbnail` } : kind === "text" ? { kind, text: pick(sentences) } : { kind, points: ecg() },
    revision: 1,
  };
});
type MockItem = (typeof items)[number];

const protocol = {
  id: "cardio-oncology", version: "1.2.0", title: "Cardio-oncology follow-up",
  authors: [{ name: "Mara Reed", role: "lead" }],
  clinical_question: "Is there sign of cardiotoxicity or a new nodule under therapy?",
  inclusion: ["Adults under anthracycline or trastuzumab therapy"], exclusion: ["Prior heart transplant"], item_unit: "study", modalities: ["CT", "NOTE", "ECG"],
  attributes: [
    { id: "margin", name: "Margin", answer: { type: "choice", choices: [{ id: "smooth", name: "Smooth" }, { id: "spiculated", name: "Spiculated" }] } },
    { id: "assertion", name: "Assertion", answer: { type: "choice", choices: [{ id: "present", name: "Present" }, { id: "possible", name: "Possible" }, { id: "negated", name: "Negated" }] } },
    { id: "use", name: "Use", answer: { type: "choice", choices: [{ id: "active", name: "Active" }, { id: "stopped", name: "Stopped" }] } },
  ],
  reader_plan: { readers: 3, blinding: "independent", adjudication: { when: "disagreement" } },
  labels: [
    { id: "nodule", name: "Nodule", definition: "A rounded opacity, well or poorly defined, up to 3 cm.", colour: "#0072b2", shortcut: "1", places: ["mask", "polygon", "length"], attributes: [{ id: "margin", required: true }], concept: { system: "SCT", code: "27925004", display: "Nodule" }, examples: { positive: ["A solid 6 mm opacity in the right upper lobe"], negative: ["A vessel seen end on"], borderline: ["A 2 mm opacity in one slice"] } },
    { id: "effusion", name: "Pericardial effusion", definition: "Fluid in the pericardial sac over 5 mm at end-diastole.", colour: "#d55e00", shortcut: "2", places: ["mask", "box", "ellipse"] },
    { id: "problem", name: "Problem", definition: "A sign, symptom or diagnosis of this patient. “Cannot be excluded” is possible, unless a later line rules it out.", colour: "#009e73", shortcut: "p", places: ["spans"], attributes: [{ id: "assertion", required: true }] },
    { id: "medication", name: "Medication", definition: "A drug that the patient takes or took.", colour: "#cc79a7", shortcut: "m", places: ["spans"], attributes: ["use"] },
    { id: "test", name: "Test", definition: "What was measured or looked at.", colour: "#e69f00", shortcut: "t", places: ["spans"] },
    { id: "value", name: "Value", definition: "The result of a test with its unit.", colour: "#56b4e9", shortcut: "v", places: ["spans"] },
    { id: "normal", name: "Normal beat", definition: "A beat that begins in the sinus node.", colour: "#6b7280", shortcut: "n", places: ["sample"] },
    { id: "pvc", name: "Ventricular beat", definition: "A premature wide beat without a P wave before it.", colour: "#d55e00", shortcut: "v", places: ["sample"] },
    { id: "apc", name: "Atrial premature beat", definition: "A premature beat after a P wave of another form.", colour: "#56b4e9", shortcut: "a", places: ["sample"] },
    { id: "afib", name: "Atrial fibrillation", definition: "No P waves and uneven distances over 30 s or the whole strip.", colour: "#cc79a7", shortcut: "f", places: ["interval"] },
    { id: "p_wave", name: "P wave", colour: "#56b4e9", places: ["interval"] },
    { id: "qrs", name: "QRS complex", colour: "#009e73", places: ["interval"] },
    { id: "t_wave", name: "T wave", colour: "#e69f00", places: ["interval"] },
    { id: "waves", name: "Waves of a beat", places: ["chain"], chain: { labels: ["p_wave", "qrs", "t_wave"], min: 2, max: 3 } },
  ],
  questions: [{ id: "cardiotoxicity", name: "Cardiotoxicity", prompt: "Is cardiotoxicity stated or shown?", on: "item", required: true, answer: { type: "choice", allow: ["unsure"], choices: [{ id: "no", name: "No" }, { id: "yes", name: "Yes" }] } }],
};
const project = {
  id: id(100), name: "Cardio-oncology follow-up", title: "Cardio-oncology follow-up", description: "CT, notes and Holter recordings of adults under cardiotoxic therapy. Each item is read by two people who do not see one another's answers.",
  kind_counts: { image: items.filter((i) => i.kind === "image").length, text: items.filter((i) => i.kind === "text").length, signal: items.filter((i) => i.kind === "signal").length },
  item_unit: "study", deid_at: "import", readers_per_item: 2, protocol: { id: protocol.id, version: protocol.version, title: protocol.title, hash: "9f2c41d07b5a3e8896a1" }, revision: 3, created_at: at(60 * day), my_roles: ["lead", "rater"],
  progress: { items: 240, done: items.filter((i) => i.state === "done").length, open: items.filter((i) => i.state !== "done").length, my_done: 130, my_open: 110 },
};
const projects = [
  project,
  { ...project, id: id(101), name: "Chest CT nodules", description: "Nodules on thin-slice chest CT, with type, margin and place.", kind_counts: { image: 88, text: 0, signal: 0 }, my_roles: ["rater"], progress: { items: 88, done: 12, open: 76, my_done: 14, my_open: 60 } },
  { ...project, id: id(102), name: "Problems in discharge notes", description: "Problems, medication and their assertion in discharge notes.", kind_counts: { image: 0, text: 412, signal: 0 }, my_roles: ["reviewer"], progress: { items: 412, done: 412, open: 0, my_done: 201, my_open: 0 } },
];
const people = ["Mara Reed", "Jonas Feld", "Aiko Tanaka", "Leila Haddad", "Tomás Rivas"].map((display_name, n) => ({ id: id(n + 1), name: display_name.toLowerCase().split(" ")[0], display_name, roles: n === 0 ? ["administrator", "compliance"] : [], state: n === 3 ? "invited" : n === 4 ? "disabled" : "active", created_at: at((80 - n) * day), last_seen_at: n === 3 ? null : at(n * 3_600_000) }));
const statistics = () => ({
  items: { total: 240, by_kind: project.kind_counts, by_state: Object.fromEntries(["available", "in_progress", "submitted", "skipped", "done"].map((state) => [state, items.filter((i) => i.state === state).length])) },
  raters: people.slice(0, 3).map((person, n) => ({ rater_id: person.id, display_name: person.display_name, items_submitted: 130 - n * 31, median_s_per_item: 114 + n * 22, today: 34 - n * 9, last_submitted_at: at(n * 900_000), open_leases: n })),
  per_day: Array.from({ length: 28 }, (_, n) => ({ date: at((27 - n) * day).slice(0, 10), submitted: (n % 7) > 4 ? 0 : Math.round(6 + random() * 14) })),
  median_s_per_item: 118, annotations: { nodule: 212, effusion: 31, "Reduced LVEF": 96, "Atrial fibrillation": 18 },
});
const verbs = ["opened item 17 for labelling", "revised the annotation “nodule” on item 17", "submitted item 16", "exported 120 items as DICOM SEG", "signed in from 10.1.4.22", "skipped item 12: images are of another body part", "imported 38 files, 2 were refused"];
const types = ["item.read", "annotation.revised", "task.submitted", "export.made", "sign_in.made", "task.skipped", "import.finished"];
const audit = Array.from({ length: 400 }, (_, n) => {
  const verb = n % verbs.length;
  const person = people[n % 3];
  return { sequence: 4200 - n, at: at(n * 410_000), type: types[verb], person: { id: person?.id, display_name: person?.display_name }, project_id: id(100), item_id: verb === 4 ? null : id(1016), patient_pseudonym: verb < 3 ? "P-0593" : null, sentence: `${person?.display_name ?? ""} ${verbs[verb] ?? ""}`, fields: { revision: 3 }, hash: (n * 2654435761).toString(16).padStart(16, "0").repeat(4).slice(0, 64) };
});
const questions = [
  { id: id(700), item_id: id(1016), item_number: 17, text: "Is a ground-glass halo part of the nodule or a margin attribute?", answer: null, asked_by: { id: id(2), display_name: "Jonas Feld" }, asked_at: at(5_400_000), answered_at: null },
  { id: id(701), item_id: id(1011), item_number: 12, text: "The series is an abdomen. Skip it?", answer: "Yes, skip with the reason “another body part”.", asked_by: { id: id(3), display_name: "Aiko Tanaka" }, asked_at: at(2 * day), answered_by: { id: id(1), display_name: "Mara Reed" }, answered_at: at(1.9 * day) },
];
const imports = [{ id: id(800), name: "march", state: "done", files_total: 612, files_done: 612, items_added: 9, duplicates: 3, refused: [{ file_number: 37, what: "The channel table ends early", where: "file 37, byte 2560 (12 channels declared, 9 present)", remedy: "Compare its size with the recorder's, then import it again.", code: "corrupt" }, { file_number: 204, what: "The file is no image, text or recording that is known", where: "file 204, byte 0", remedy: "Leave it out, or convert it first.", code: "unsupported" }], started_at: at(3 * day), finished_at: at(3 * day - 42_000) }];
const exports_ = [{ id: id(900), format: "dicom_seg", state: "done", items: 120, annotations: 412, size_bytes: 18_400_000, created_at: at(2 * day), created_by: { id: id(1), display_name: "Mara Reed" }, excluded: [{ reason: "not submitted", count: 64 }] }];

const tally = (list: readonly MockItem[], key: (item: MockItem) => string) => list.reduce<Record<string, number>>((sum, item) => ({ ...sum, [key(item)]: (sum[key(item)] ?? 0) + 1 }), {});
function list(query: URLSearchParams) {
  const within = (name: string, value: string) => !query.has(name) || (query.get(name) ?? "").split(",").includes(value);
  const text = (query.get("q") ?? "").toLowerCase();
  const found = items.filter((item) => within("kind", item.kind) && within("state", item.state) && within("mine", item.mine.state) && (text === "" || `${item.patient.pseudonym} ${item.title} ${String(item.number)}`.toLowerCase().includes(text)));
  const sort = query.get("sort") ?? "number";
  const key = (item: MockItem): string | number => (sort === "date" ? item.date : sort === "state" ? item.state : sort === "pseudonym" ? item.patient.pseudonym : sort === "updated" ? (item.mine.updated_at ?? "") : item.number);
  found.sort((a, b) => (key(a) < key(b) ? -1 : 1) * (query.get("order") === "desc" ? -1 : 1));
  const from = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? 50);
  return { items: found.slice(from, from + limit), next_cursor: from + limit < found.length ? String(from + limit) : null, total: found.length, facets: { kind: tally(found, (i) => i.kind), state: tally(found, (i) => i.state), mine: tally(found, (i) => i.mine.state) } };
}

const thumbnail = (n: number): string => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 128"><rect width="160" height="128" fill="#000"/><ellipse cx="80" cy="66" rx="68" ry="52" fill="#888"/><ellipse cx="50" cy="64" rx="24" ry="34" fill="#1c1c1c"/><ellipse cx="110" cy="64" rx="24" ry="34" fill="#1c1c1c"/><circle cx="84" cy="${String(58 + (n % 9))}" r="16" fill="#aaa"/><circle cx="80" cy="102" r="9" fill="#eee"/></svg>`;
const noteText = reviewNote;

function detail(item: MockItem) {
  const source = item.kind === "text" ? { kind: "text", notes: [{ id: id(6000), date: item.date, title: item.title, length: [...noteText].length, sha256: "0".repeat(64) }] } : item.kind === "signal" ? { kind: "signal", recordings: [recording] } : { kind: "image", studies };
  return { ...item, source, related: items.filter((other) => other.patient.id === item.patient.id && other.id !== item.id).map((other) => ({ item_id: other.id, kind: other.kind, modality: other.modality, date: other.date, title: other.title })) };
}

// Annotations are kept while the development server runs, so that a reload finds them.
type Kept = { id: string; revision: number; [name: string]: unknown };
const kept = new Map<string, Map<string, Kept>>();
const keptOf = (item: string): Map<string, Kept> => {
  const found = kept.get(item) ?? new Map<string, Kept>();
  kept.set(item, found);
  return found;
};
function bulk(item: string, operations: readonly { op: string; id?: string; annotation?: { id: string } }[]): unknown[] {
  const rows = keptOf(item);
  return operations.map((operation) => {
    const key = operation.annotation?.id ?? operation.id ?? "";
    const before = rows.get(key);
    if (operation.op === "delete") {
      rows.delete(key);
      return { id: key, status: 200, annotation: { ...before, revision: (before?.revision ?? 0) + 1, state: "retracted" } };
    }
    const annotation: Kept = { ...operation.annotation, id: key, revision: (before?.revision ?? 0) + 1, state: "draft", rater: { id: id(1), kind: "human", display_name: "Mara Reed" }, created_at: at(0), updated_at: at(0) };
    rows.set(key, annotation);
    return { id: key, status: before === undefined ? 201 : 200, annotation };
  });
}

type Answer = { status?: number; json?: unknown; text?: string; bytes?: Uint8Array; type?: string };
const task = (item: MockItem) => ({ id: id(3000 + item.number - 1), item_id: item.id, stage: "label", state: "leased", rater_id: id(1), lease_until: at(-1_800_000) });

function answer(method: string, path: string, query: URLSearchParams, body: Record<string, unknown>): Answer {
  const page = (rows: readonly unknown[]): Answer => ({ json: { items: rows, next_cursor: null, total: rows.length } });
  if (path === "/sign_in") {
    if (body["password"] !== "demo-password") return { status: 401, json: { title: "The name or the password is not right", status: 401, code: "unauthenticated", remedy: "Check both, or ask an administrator for a new link." } };
    signedIn = true;
    return { json: me };
  }
  if (path.startsWith("/links/")) {
    if (path.endsWith("gone")) return { status: 404, json: { title: "The link is not valid any more", status: 404, code: "not_found", remedy: "Ask an administrator for a new one." } };
    if (method === "POST") signedIn = true;
    return { json: method === "POST" ? me : { purpose: path.endsWith("demo") ? "sign_in" : "invitation", person: { name: "leila", display_name: "Leila Haddad" }, expires_at: at(-day) } };
  }
  if (!signedIn) return { status: 401, json: { title: "Not signed in", status: 401, code: "unauthenticated" } };
  if (path === "/sign_out") {
    signedIn = false;
    return { status: 204 };
  }
  if (path === "/me") return { json: me };
  if (path === "/me/sign_ins") return page([{ id: id(9), started_at: at(7_200_000), last_seen_at: at(1000), origin: "10.1.4.22", user_agent: "Firefox 140 on Linux", current: true }, { id: id(10), started_at: at(2 * day), last_seen_at: at(day), origin: "10.1.7.80", user_agent: "Chromium 150 on Windows", current: false }]);
  if (path === "/me/tokens") return method === "POST" ? { json: { id: id(31), name: body["name"], scopes: body["scopes"], created_at: at(0), expires_at: at(-90 * day), last_used_at: null, token: "csl_4kTq0uQh2Yx8mJr7Zb" } } : page([{ id: id(30), name: "nightly export", scopes: ["read", "export"], created_at: at(20 * day), expires_at: at(-70 * day), last_used_at: at(day) }]);
  if (path === "/people") return page(people);
  if (/^\/people\/[^/]+$/.test(path)) return { json: { person: people[3], link: { url: "http://localhost:5173/sign-in?link=abc", expires_at: at(-3 * day) } } };
  if (/^\/people\/.*\/reset$/.test(path)) return { json: { link: { url: "http://localhost:5173/sign-in?link=abc", expires_at: at(-day) } } };
  if (path === "/projects") return page(projects);
  if (path === "/audit") {
    const from = Number(query.get("cursor") ?? 0);
    const rows = audit.filter((event) => (!query.get("person") || event.person.id === query.get("person")) && (!query.get("type") || event.type === query.get("type")));
    return { json: { items: rows.slice(from, from + 60), next_cursor: from + 60 < rows.length ? String(from + 60) : null, total: rows.length } };
  }
  if (path === "/audit/verify") return { json: { ok: true, events: 4200, head: { size: 4200, root: "9b1d".repeat(16), signature: "a3", signed_at: at(30_000) }, checked_at: at(0) } };
  if (path === "/audit/heads") return page([]);
  const scoped = /^\/projects\/([^/]+)(.*)$/.exec(path);
  if (scoped === null) return { status: 404, json: { title: "Not found", status: 404, code: "not_found" } };
  const rest = scoped[2] ?? "";
  if (rest === "") return { json: projects.find((one) => one.id === scoped[1]) ?? project };
  if (rest === "/protocol") return { json: { protocol, yaml: "id: cardio-oncology\nversion: 1.2.0\n", hash: project.protocol.hash, version: "1.2.0" } };
  if (rest === "/protocol/versions") return page([{ version: "1.2.0", hash: project.protocol.hash, created_at: at(3 * day) }, { version: "1.1.0", hash: "77aa", created_at: at(30 * day) }]);
  if (rest === "/statistics") return { json: statistics() };
  if (rest.startsWith("/panel")) {
    // Other states of the page: /p/<this project's id with its end changed>/panel.
    if (scoped[1] === id(113)) return { status: 500, json: { title: "The votes could not be counted", status: 500, code: "internal", remedy: "Try again in a minute." } };
    const variants: Readonly<Record<string, PanelVariant>> = { [id(110)]: "empty", [id(111)]: "one_rater", [id(112)]: "one_class" };
    return rest === "/panel" ? { json: makePanel(items, variants[scoped[1] ?? ""] ?? "full") } : { text: "item,rater,label,patient,at\n", type: "text/csv" };
  }
  if (rest === "/members") return page(people.slice(0, 4).map((person, n) => ({ person_id: person.id, display_name: person.display_name, roles: n === 0 ? ["lead", "rater"] : n === 2 ? ["rater", "reviewer"] : ["rater"] })));
  if (rest === "/questions") return page(questions);
  if (rest === "/imports") return page(imports);
  if (rest.startsWith("/imports/")) return { json: { ...imports[0], ...(method === "PUT" ? { state: "receiving", refused: [] } : {}), file_number: 1, size_bytes: 1 } };
  if (rest === "/exports") return page(exports_);
  if (rest.startsWith("/exports/")) return { json: { ...exports_[0], state: "running", items: 0, annotations: 0, size_bytes: 0, id: rest.slice(9), format: body["format"], created_at: at(0) } };
  if (rest === "/items") return { json: list(query) };
  if (rest === "/review") {
    const rows = reviewRows(items);
    const from = Number(query.get("cursor") ?? 0);
    const limit = Number(query.get("limit") ?? 50);
    return { json: { items: rows.slice(from, from + limit), next_cursor: from + limit < rows.length ? String(from + limit) : null, total: rows.length } };
  }
  if (rest === "/tasks/next") {
    const next = items.find((item) => item.mine.state === "draft" && item.id !== body["after"]) ?? items.find((item) => item.mine.state === "none");
    return next === undefined ? { status: 204 } : { json: { task: body["peek"] === true ? null : task(next), item: next } };
  }
  if (rest === "/tasks/assign") return { json: { results: (body["item_ids"] as string[]).map((item_id) => ({ item_id, status: 200 })) } };
  if (rest.startsWith("/tasks/")) return { json: { ...task(items[0] as MockItem), lease_until: at(-1_800_000), state: rest.endsWith("submit") ? "submitted" : "leased" } };
  const one = /^\/items\/([^/]+)(.*)$/.exec(rest);
  const item = items.find((other) => other.id === one?.[1]);
  if (one === null || item === undefined) return { status: 404, json: { title: "Not found", status: 404, code: "not_found" } };
  if (one[2] === "") return { json: detail(item) };
  if (one[2] === "/thumbnail") return { text: thumbnail(item.number), type: "image/svg+xml" };
  if (one[2] === "/task") return { json: task(item) };
  if (one[2]?.endsWith("/text") === true) return { text: noteText, type: "text/plain; charset=utf-8" };
  if (one[2] === "/annotations") return page([...keptOf(item.id).values()]);
  if (one[2] === "/annotations/bulk") return { json: { results: bulk(item.id, body["operations"] as Parameters<typeof bulk>[1]) } };
  if (one[2] === "/masks") return page([]);
  if (one[2] === "/opinions") return { json: itemOpinions(item) };
  if (one[2] === "/adjudication") return { json: adjudicate(item, body) };
  if (one[2]?.endsWith("/window") === true) return { bytes: signalWindow(Number(query.get("from")), Number(query.get("to")), Number(query.get("pixels"))) };
  if (one[2]?.endsWith("/frames") === true) return { bytes: frames(Number(query.get("from")), Number(query.get("count"))) };
  if (one[2]?.endsWith("/bricks") === true) return { bytes: bricks(query.has("opinion") ? "ABC".indexOf(query.get("opinion") ?? "") : Number(query.get("rater")?.slice(-1)) - 2) };
  return { json: {} };
}

function handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const url = new URL(incoming.url ?? "", "http://localhost");
  const path = url.pathname.replace("/api/v1", "");
  if (path === "/events") {
    outgoing.writeHead(200, { "Content-Type": "text/event-stream" });
    outgoing.write(": hello\n\n");
    return;
  }
  let text = "";
  incoming.on("data", (chunk: Buffer) => {
    if (text.length < 1_000_000) text += chunk.toString();
  });
  incoming.on("end", () => {
    let body: Record<string, unknown> = {};
    try {
      body = JSON.parse(text === "" ? "{}" : text) as Record<string, unknown>;
    } catch {
      body = {};
    }
    const said = answer(incoming.method ?? "GET", path, url.searchParams, body);
    outgoing.statusCode = said.status ?? 200;
    outgoing.setHeader("Content-Type", said.type ?? "application/json");
    if (said.bytes !== undefined) outgoing.end(said.bytes);
    else outgoing.end(said.text ?? (said.json === undefined ? "" : JSON.stringify(said.json)));
  });
}

export const mockServer = (): Plugin => ({
  name: "consilium-mock",
  configureServer(server) {
    server.middlewares.use((incoming, outgoing, next) => {
      if (incoming.url?.startsWith("/api/v1") === true) handle(incoming, outgoing);
      else next();
    });
  },
});
