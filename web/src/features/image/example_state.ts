// A small CT with a protocol of two labels, for tests.
import type { ItemDetail, Protocol } from "@/core/domain";
import type { ImageState } from "./model";
import { startState } from "./model";

const volume = {
  grid_id: "g",
  grid: { dims: [16, 16, 8] as const, affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], frame_of_reference: "1.2" },
  layout: { rows: 16, columns: 16, sample_type: "int16", samples_per_pixel: 1, photometric: "MONOCHROME2" },
  transform: { slope: 1, intercept: 0, unit: "HU" },
  windows: [{ name: "Default", centre: 40, width: 400 }],
  spacing_mm: [1, 1, 1],
  slices: Array.from({ length: 8 }, (_, k) => ({ instance_uid: `1.${k}`, frame: 0, position_mm: [0, 0, k] })),
};
const item = {
  id: "i", project_id: "p", number: 1, kind: "image", title: "", related: [], patient: { id: "pa", pseudonym: "P-1" },
  source: { kind: "image", studies: [{ id: "s", date: null, description: "", series: [{ id: "se", number: 1, modality: "CT", description: "", body_part: null, instances: 8, volume, notes: [] }] }] },
} as unknown as ItemDetail;
const protocol = {
  id: "ct", version: "1.0.0", title: "CT",
  view: { windows: [{ name: "Lung", centre: -500, width: 1400 }] },
  labels: [
    { id: "nodule", title: "Nodule", places: ["mask", "polygon"], attributes: [{ id: "type", title: "Type", type: "choice", required: true, choices: [{ id: "solid", title: "Solid" }] }] },
    { id: "node", title: "Node", places: ["box"] },
  ],
  questions: [{ id: "quality", title: "Quality", type: "choice", on: "item", required: true, choices: [{ id: "good", title: "Good" }] }],
} as unknown as Protocol;

export function exampleState(): ImageState {
  const state = startState(item, protocol, [], false);
  if (state === null) throw new Error("no picture");
  return state;
}
