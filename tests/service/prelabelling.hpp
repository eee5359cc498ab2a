// Labels that leave one project as files and come back into another.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "service/annotation/mask_copy.hpp"
#include "service/intake/label_import.hpp"
#include "service/job/job_queue.hpp"
#include "service/prelabel/label_names.hpp"
#include "service/release/exports.hpp"
#include "storage/labels.hpp"
#include "tests/service/made_masks.hpp"

namespace consilium::service::test {

// Two projects on the same images: a reader labels in one, the other gets the exported files.
struct Prelabelling : ServiceFixture {
  Prelabelling() {
    set_protocol("chest-ct-nodule.yaml");
    write_made_series(folder.path() / "images", made_series("MRN-1", 40));
    import({folder.path() / "images"});
    image = ServiceFixture::item_id(items_of_kind("image")[0]);
    grid = grid_id_of(first_series(*this, image));
  }

  std::string protocol_text(const std::string& suggestions) {
    std::string text = read_source_file("protocols/chest-ct-nodule.yaml");
    const std::size_t at = text.find("assist_policy:");
    const std::size_t end = text.find("quality_plan:", at);
    return text.replace(at, end - at, "assist_policy: {suggestions: " + suggestions + "}\n");
  }

  // A second project with the same images in it.
  ProjectId other_project(const std::string& suggestions = "before") {
    const ProjectId id = bare_project(suggestions);
    import_into(id, folder.path() / "images");
    return id;
  }
  ProjectId bare_project(const std::string& suggestions = "before") {
    const auto id = make_id<ProjectId>(*clock, *random);
    must(projects_->put(operator_, id, {.name = "Other"}, std::nullopt));
    must(projects_->put_protocol(operator_, id, protocol_text(suggestions)));
    return id;
  }

  LabelledImport import_into(const ProjectId& into, const std::filesystem::path& path,
                             const LabelMap& map = {}) {
    std::vector<ImportFile> files = must(list_files(std::vector{path}));
    std::erase_if(files, [](const ImportFile& file) {  // the export's own account of itself
      return file.name.ends_with("provenance.json");
    });
    return must(run_labelled_import(
        {.store = *store_, .codec = nullptr, .clock = *clock, .random = *random}, operator_, into,
        files, {.id = make_id<ImportId>(*clock, *random)}, {.names = map}));
  }

  void take(const Access& access, const ProjectId& in, const ItemId& item) {
    Assignment assignment(*store_, *items_, *clock, *random);
    must(assignment.take(access, in, item));
  }

  // Without a label it is an answer.
  void put(const std::string& label, json::object target, const json::object& more = {}) {
    const auto id = make_id<AnnotationId>(*clock, *random);
    json::object body = annotation_json(id, image, "chest-ct-nodule", std::move(target));
    if (!label.empty()) body["label"] = label;
    for (const auto& [name, value] : more) body[name] = value;
    Annotations annotations(*store_, *clock);
    must(annotations.put(lead, project, image,
                         {.id = id, .body_json = json::serialize(body), .if_match = std::nullopt}));
  }
  void put_mask(const std::string& label, int segment) {
    put(label, {{"type", "mask"}, {"grid_id", grid}, {"segment", segment}});
  }

  ExportReport export_to(ExportFormat format, const std::filesystem::path& out) {
    JobQueue jobs;
    Exports exports(*store_, jobs, folder.path() / "exports", *clock, *random);
    std::filesystem::create_directories(out);
    return must(exports.write_to(operator_, project,
                                 {.format = format, .with_drafts = true, .item_ids = {}}, out));
  }

  ItemId item_in(const ProjectId& in) {
    const auto reader = must(store_->read());
    return must(storage::item_ids(*reader, in)).front();
  }
  std::vector<storage::AnnotationRow> rows_in(const ProjectId& in) {
    const auto reader = must(store_->read());
    return must(storage::annotations_of_item(*reader, item_in(in), std::nullopt, "", 1000));
  }
  // The voxels of each label, whoever of the item's raters gave it.
  std::map<std::string, std::vector<BinaryBricks>> voxels_in(const ProjectId& in) {
    std::map<std::string, std::vector<BinaryBricks>> voxels;
    const auto reader = must(store_->read());
    for (const storage::AnnotationRow& row : rows_in(in)) {
      const Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      if (const auto* mask = std::get_if<MaskTarget>(&body.target)) {
        voxels[row.label].push_back(must(load_segment(*store_, *reader, row.patient, row.item,
                                                      row.rater, mask->grid_id, mask->segment)));
      }
    }
    for (auto& [label, bricks] : voxels) std::ranges::sort(bricks);
    return voxels;
  }

  ItemId image;
  std::string grid;
};

}  // namespace consilium::service::test
