// Items as the server tells them, brought into the domain's words.
import { api } from "./client";
import type { AssignedRow, ProtocolAnswer } from "./types";
import { readProtocol } from "@/core/protocol";
import type { ItemDetail, ItemId, PersonId, ProjectId, ProjectView, Protocol, VolumeInfo } from "@/core/workspace";

const sampleTypes: Readonly<Record<string, VolumeInfo["layout"]["sample_type"]>> = { u8: "uint8", i8: "int8", u16: "uint16", i16: "int16", u32: "uint32", i32: "int32", f32: "float32" };

const volume = (info: VolumeInfo): VolumeInfo => ({ ...info, layout: { ...info.layout, sample_type: sampleTypes[info.layout.sample_type] ?? info.layout.sample_type } });

export async function fetchItem(project: ProjectId, item: ItemId): Promise<ItemDetail> {
  const detail = await api.json<ItemDetail>(`/projects/${project}/items/${item}`);
  if (detail.source.kind !== "image") return detail;
  const studies = detail.source.studies.map((study) => ({
    ...study,
    series: study.series.map((series) => ({ ...series, volume: series.volume === null ? null : volume(series.volume), images: (series.images ?? []).map(volume) })),
  }));
  return { ...detail, source: { kind: "image", studies } };
}

export const fetchProject = (project: ProjectId): Promise<ProjectView> => api.json(`/projects/${project}`);

export async function fetchProtocol(project: ProjectId): Promise<{ readonly protocol: Protocol; readonly answer: ProtocolAnswer }> {
  const answer = await api.json<ProtocolAnswer>(`/projects/${project}/protocol`);
  return { protocol: readProtocol(answer.protocol), answer };
}

export const assignItems = (project: ProjectId, items: readonly ItemId[], people: readonly PersonId[]): Promise<{ results: readonly AssignedRow[] }> =>
  api.json(`/projects/${project}/tasks/assign`, { method: "POST", json: { item_ids: items, person_ids: people } });
