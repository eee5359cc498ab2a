// A CT of three slices that a tool segmented (dcmqi's) and a reader read: the segments taken over, a line, a polygon, an answer.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiOf, newId } from "./api.mjs";

const data = process.env.CONSILIUM_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
export const dcmqi = `${data}/imaging/dicom/dcmqi`;
export const names = ["GREEN", "ORANGE", "PURPLE", "LIGHT_BLUE", "DARK_BLUE"];
const colours = ["#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#0072b2"];
export const protocol = {
  schema: 1, id: "ohif-test", version: "1.0.0", title: "Labels in OHIF", authors: [{ name: "Test" }], clinical_question: "Where?", item_unit: "study", modalities: ["CT"],
  labels: [
    ...names.map((name, n) => ({ id: name.toLowerCase(), name, definition: "Made for a test.", colour: colours[n], places: ["mask"], overlaps: true })),
    { id: "diameter", name: "Diameter", definition: "A line.", colour: "#d55e00", places: ["length"] },
    { id: "area", name: "Area", definition: "A polygon.", colour: "#f0e442", places: ["polygon"] },
  ],
  questions: [{ id: "quality", name: "Quality", prompt: "Good?", level: "item", answer: { type: "bool" } }],
  assist_policy: { suggestions: "before" },
};

const bytesOf = (path) => new Uint8Array(readFileSync(`${dcmqi}/${path}`));
/** The CT's files, as an import takes them. */
export const images = () => readdirSync(`${dcmqi}/ct-3slice`).filter((name) => name.endsWith(".dcm")).map((name) => [`ct/${name}`, bytesOf(`ct-3slice/${name}`)]);

/** The reading, submitted, and a token of its reader, who leads the project too. */
export async function readStudy(browser, server) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const secret = new URL(server.link).searchParams.get("link");
  const signed = await context.request.post(`${server.url}/api/v1/links/${secret}`, { data: { password: "a long enough sentence" }, headers: { origin: server.url } });
  if (!signed.ok()) throw new Error(`the link was refused: ${String(signed.status())}`);
  const api = await apiOf(context, server.url);
  const me = await api.call("GET", "/me");
  const project = newId();
  await api.call("PUT", `/projects/${project}`, { name: "For OHIF", description: "", deid_at: "import", readers_per_item: 1 });
  await api.call("PUT", `/projects/${project}/members/${me.person.id}`, { roles: ["lead", "rater"] });
  await api.call("PUT", `/projects/${project}/protocol`, { yaml: JSON.stringify(protocol) });
  const made = await api.importFiles(project, [...images(), ["seg.dcm", bytesOf("partial_overlaps.dcm")]]);
  if (made.refused.length > 0) throw new Error(JSON.stringify(made.refused));
  const { items: [{ id: item }] } = await api.call("GET", `/projects/${project}/items`);
  const path = `/projects/${project}/items/${item}`;
  const task = await api.call("POST", `${path}/task`, {});
  const { items: [{ rater }] } = await api.call("GET", `${path}/suggestions`);
  await api.call("POST", `${path}/suggestions/${rater.id}/take`, {});
  const series = (await api.call("GET", path)).source.studies[0].series[0];
  const on = (kind, points) => ({ type: "region", series_id: series.id, instance_uid: series.volume.slices[1].instance_uid, frame: 0, geometry: { kind, points } });
  const body = (more) => ({ id: newId(), item_id: item, protocol: { id: protocol.id, version: "1.0.0" }, label: null, question: null, value: null, attributes: {}, ...more });
  await api.putAll(project, item, [
    body({ label: "diameter", target: on("length", [[120, 120], [200, 180]]) }),
    body({ label: "area", target: on("polygon", [[300, 300], [380, 310], [360, 390], [290, 370]]) }),
    body({ question: "quality", target: { type: "whole" }, value: true }),
  ]);
  await api.call("POST", `/projects/${project}/tasks/${task.id}/submit`, { duration_s: 60 });
  const { token } = await api.call("POST", "/me/tokens", { name: "viewer", scopes: ["read"] });
  return { token, project, api, context, person: me.person.id };
}
