#include "transport/api/route_areas.hpp"
#include "transport/http/media_types.hpp"

namespace consilium::api {
namespace {

using http::Method;

std::vector<Parameter> items_parameters() {
  return {{"kind", "string", "Only this kind", "image|text|signal"},
          {"state", "string", "Only this state", "available|in_progress|submitted|skipped|done"},
          {"mine", "string", "Only what I have in this state",
           "none|assigned|leased|draft|submitted|skipped"},
          {"q", "string", "Number, title or pseudonym contains"},
          {"sort", "string", "By what", "number|date|state|pseudonym|updated"},
          {"order", "string", "Which way", "asc|desc"}};
}

std::vector<Parameter> frames_parameters() {
  return {{"from", "integer", "0-based index of the first frame"},
          {"count", "integer", "How many; one when left out"}};
}

std::vector<Parameter> thumb_parameters() {
  return {{"series", "uuid", "Of this series; the first when left out"}};
}

std::vector<Parameter> window_parameters() {
  return {{"from", "integer", "First tick", "", true},
          {"to", "integer", "One past the last tick", "", true},
          {"pixels", "integer", "Width; samples come when they are no more than this", "", true},
          {"channels", "string", "Channel indices parted by commas; all when left out"}};
}

std::vector<Parameter> overview_parameters() { return {{"pixels", "integer", "Width"}}; }

std::vector<Parameter> rater_parameters() {
  return {{"rater", "string", "Whose: mine, or all as far as blinding allows", "me|all"}};
}

// Bricks are one rater's; list_masks with rater=all names the raters.
std::vector<Parameter> one_rater_parameters() {
  return {{"rater", "string", "Whose: me, or a rater's id as far as blinding allows"},
          {"opinion", "string", "Whose, by the key of get_opinions: A, B, ..."}};
}

std::vector<Parameter> bricks_parameters() {
  return {{"layer", "integer", "0 the exclusive layer, k the one of segment k; all when left out"},
          {"indices", "string", "Brick indices parted by commas, or all"}};
}

std::vector<Parameter> surface_parameters() {
  return {{"segment", "integer", "The segment's number; 1 when left out"},
          {"smoothing", "integer", "Steps of smoothing, 0 to 100; 16 when left out"}};
}

std::vector<Parameter> histogram_parameters() {
  return {{"bins", "integer", "At most so many bins, 2 to 4096; 256 when left out"}};
}

std::vector<Parameter> patch_parameters() {
  return {{"base_revision", "integer", "The revision this was drawn on; 0 for none"},
          {"layer", "integer", "Layer of the patch; records name their own"}};
}

}  // namespace

std::vector<Route> items_routes() {
  return {
      {.method = Method::Get,
       .path = CSL_PROJECT "/items",
       .operation = "list_items",
       .tag = "items",
       .summary = "The worklist: filtered, sorted, counted",
       .response = "ItemList",
       .query = both(page_parameters(), items_parameters()),
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM,
       .operation = "get_item",
       .tag = "items",
       .summary = "One item with its source and the patient's related items",
       .purpose = "label",
       .response = "ItemDetail",
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/series/{series_id}/frames",
       .operation = "get_frames",
       .tag = "items",
       .summary = "Ready frames of a volume, back to back, little endian",
       .purpose = "label",
       .media = "application/octet-stream",
       .query = frames_parameters(),
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/series/{series_id}/images/{index}",
       .operation = "get_image",
       .tag = "items",
       .summary = "The ready frame of one image of a series that is no volume",
       .purpose = "label",
       .media = "application/octet-stream",
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/thumbnail",
       .operation = "get_thumbnail",
       .tag = "items",
       .summary = "A small picture of the item, 128 pixels high",
       .purpose = "label",
       .media = "image/png",
       .query = thumb_parameters(),
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/notes/{note_id}/text",
       .operation = "get_note_text",
       .tag = "items",
       .summary = "The canonical text of a note",
       .purpose = "label",
       .media = "text/plain; charset=utf-8",
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/recordings/{recording_id}/window",
       .operation = "get_signal_window",
       .tag = "items",
       .summary = "A stretch of a recording: samples, or minimum and maximum a pixel",
       .purpose = "label",
       .media = http::signal_window_type,
       .query = window_parameters(),
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/recordings/{recording_id}/overview",
       .operation = "get_signal_overview",
       .tag = "items",
       .summary = "The whole recording at a glance",
       .purpose = "label",
       .response = "SignalOverview",
       .query = overview_parameters(),
       .scope = "read"},
  };
}

std::vector<Route> tasks_routes() {
  return {
      {.method = Method::Post,
       .path = CSL_PROJECT "/tasks/next",
       .operation = "take_next_task",
       .tag = "tasks",
       .summary = "Lease my next item; 204 when there is none",
       .body = BodyKind::Json,
       .request = "NextRequest",
       .response = "NextAnswer",
       .empty_too = true,
       .scope = "label"},
      {.method = Method::Post,
       .path = CSL_ITEM "/task",
       .operation = "take_task",
       .tag = "tasks",
       .summary = "Lease this item",
       .body = BodyKind::Json,
       .request = "Empty",
       .response = "Task",
       .scope = "label"},
      {.method = Method::Post,
       .path = CSL_PROJECT "/tasks/{task_id}/heartbeat",
       .operation = "heartbeat_task",
       .tag = "tasks",
       .summary = "Keep the lease",
       .response = "Lease",
       .scope = "label"},
      {.method = Method::Post,
       .path = CSL_PROJECT "/tasks/{task_id}/submit",
       .operation = "submit_task",
       .tag = "tasks",
       .summary = "Hand in the work on the item",
       .body = BodyKind::Json,
       .request = "SubmitRequest",
       .response = "Task",
       .scope = "label"},
      {.method = Method::Post,
       .path = CSL_PROJECT "/tasks/{task_id}/release",
       .operation = "release_task",
       .tag = "tasks",
       .summary = "Give the item back, keeping the drafts",
       .body = BodyKind::Json,
       .request = "Empty",
       .response = "Task",
       .scope = "label"},
      {.method = Method::Post,
       .path = CSL_PROJECT "/tasks/{task_id}/skip",
       .operation = "skip_task",
       .tag = "tasks",
       .summary = "Skip the item for a reason",
       .body = BodyKind::Json,
       .request = "ReasonRequest",
       .response = "Task",
       .scope = "label"},
      {.method = Method::Post,
       .path = CSL_PROJECT "/tasks/{task_id}/reopen",
       .operation = "reopen_task",
       .tag = "tasks",
       .summary = "Open a submitted or skipped item again for a reason",
       .body = BodyKind::Json,
       .request = "ReasonRequest",
       .response = "Task",
       .scope = "label"},
      {.method = Method::Post,
       .path = CSL_PROJECT "/tasks/assign",
       .operation = "assign_tasks",
       .tag = "tasks",
       .summary = "Hand items to people",
       .body = BodyKind::Json,
       .request = "AssignRequest",
       .response = "AssignAnswer",
       .scope = "manage",
       .body_bytes_max = 4ULL << 20U},
  };
}

std::vector<Route> annotations_routes() {
  return {
      {.method = Method::Get,
       .path = CSL_ITEM "/annotations",
       .operation = "list_annotations",
       .tag = "annotations",
       .summary = "Annotations of the item",
       .purpose = "label",
       .response = "AnnotationList",
       .query = both(page_parameters(), rater_parameters()),
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/annotations/{annotation_id}",
       .operation = "get_annotation",
       .tag = "annotations",
       .summary = "One annotation",
       .purpose = "label",
       .response = "Annotation",
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/annotations/{annotation_id}/revisions",
       .operation = "list_annotation_revisions",
       .tag = "annotations",
       .summary = "All revisions of an annotation, oldest first",
       .purpose = "label",
       .response = "AnnotationList",
       .scope = "read"},
      {.method = Method::Put,
       .path = CSL_ITEM "/annotations/{annotation_id}",
       .operation = "put_annotation",
       .tag = "annotations",
       .summary = "Make an annotation, or a new revision of it",
       .body = BodyKind::Json,
       .request = "AnnotationRequest",
       .response = "Annotation",
       .conditional = true,
       .scope = "label",
       .body_bytes_max = 8ULL << 20U},
      {.method = Method::Delete,
       .path = CSL_ITEM "/annotations/{annotation_id}",
       .operation = "delete_annotation",
       .tag = "annotations",
       .summary = "Retract an annotation",
       .response = "Annotation",
       .conditional = true,
       .scope = "label"},
      {.method = Method::Post,
       .path = CSL_ITEM "/annotations/bulk",
       .operation = "bulk_annotations",
       .tag = "annotations",
       .summary = "Up to 1,000 puts and deletes in one durable commit, each answered on its own",
       .body = BodyKind::Json,
       .request = "BulkRequest",
       .response = "BulkAnswer",
       .scope = "label",
       .body_bytes_max = 32ULL << 20U},
  };
}

std::vector<Route> masks_routes() {
  return {
      {.method = Method::Get,
       .path = CSL_ITEM "/masks",
       .operation = "list_masks",
       .tag = "masks",
       .summary = "Mask documents of the item: grid, segments, brick hashes",
       .purpose = "label",
       .response = "MaskList",
       .query = rater_parameters(),
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/masks/{grid_id}/bricks",
       .operation = "get_bricks",
       .tag = "masks",
       .summary = "Raw bricks of a mask as records",
       .purpose = "label",
       .media = "application/octet-stream",
       .query = both(bricks_parameters(), one_rater_parameters()),
       .scope = "read"},
      {.method = Method::Put,
       .path = CSL_ITEM "/masks/{grid_id}/patches/{patch_id}",
       .operation = "put_mask_patch",
       .tag = "masks",
       .summary = "Change bricks of my mask; bricks that others changed meanwhile conflict",
       .body = BodyKind::Octets,
       .response = "MaskPatchAnswer",
       .query = patch_parameters(),
       .scope = "label",
       .body_bytes_max = 256ULL << 20U},
      {.method = Method::Post,
       .path = CSL_ITEM "/masks/{grid_id}/operations",
       .operation = "run_mask_operation",
       .tag = "masks",
       .summary = "What an operation would make of my mask: records of the bricks that change; "
                  "nothing is stored",
       .purpose = "label",
       .body = BodyKind::Json,
       .request = "MaskOperationRequest",
       .media = "application/octet-stream",
       .scope = "label"},
      {.method = Method::Delete,
       .path = CSL_ITEM "/masks/{grid_id}/operations",
       .operation = "cancel_mask_operation",
       .tag = "masks",
       .summary = "Stop my running operation after its present step; its request is answered 409",
       .status = 204,
       .scope = "label"},
      {.method = Method::Get,
       .path = CSL_ITEM "/masks/{grid_id}/surface",
       .operation = "get_mask_surface",
       .tag = "masks",
       .summary = "A segment's surface: u32 vertices and triangles, then float32 vertices in mm, "
                  "float32 normals, u32 triangles",
       .purpose = "label",
       .media = "application/octet-stream",
       .query = both(surface_parameters(), one_rater_parameters()),
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/suggestions",
       .operation = "list_suggestions",
       .tag = "masks",
       .summary = "Which tools have labelled the item, as far as the protocol shows it now",
       .response = "SuggestionList",
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/suggestions/{rater_id}/labels",
       .operation = "list_suggested_labels",
       .tag = "masks",
       .summary = "A tool's labels one by one, each with the id it has when I take it over",
       .response = "SuggestedLabelList",
       .scope = "read"},
      {.method = Method::Post,
       .path = CSL_ITEM "/suggestions/{rater_id}/take",
       .operation = "take_suggestion",
       .tag = "masks",
       .summary = "A tool's labels and masks as my own drafts, to go on from",
       .response = "SuggestionTaken",
       .scope = "label"},
      {.method = Method::Get,
       .path = CSL_ITEM "/volumes/{grid_id}/histogram",
       .operation = "get_volume_histogram",
       .tag = "masks",
       .summary = "Histogram of a volume's values with the thresholds that it suggests",
       .purpose = "label",
       .response = "VolumeHistogram",
       .query = histogram_parameters(),
       .scope = "read"},
  };
}

}  // namespace consilium::api
