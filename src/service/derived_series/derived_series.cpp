#include "service/derived_series/derived_series.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <set>

#include "base/sha256.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "service/annotation/blinding.hpp"
#include "service/dicom_metadata/metadata_form.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "service/prelabel/suggestions.hpp"
#include "service/release/export_reports.hpp"
#include "storage/labels.hpp"

namespace consilium::service {
namespace {

using storage::AnnotationRow;
using ByRater = std::map<RaterId, std::vector<AnnotationRow>>;

// Changes when the same labels are written otherwise: kept objects and instance UIDs change too.
constexpr std::string_view writer_edition = "1";

// What the caller may see of the item's submitted labels.
Result<ByRater> visible_labels(const Access& access, const storage::Reader& reader,
                               ProtocolCache& protocols, const ProjectId& project,
                               const ItemId& item) {
  const bool sees_all = may_see_all_labels(access, reader, protocols, project, item).has_value();
  std::map<std::string, bool> sees_tools;  // by kind
  ByRater labels;
  for (AnnotationRow& row : CSL_TRY(storage::annotations_of_item(
           reader, item, std::nullopt, "", std::numeric_limits<std::int64_t>::max()))) {
    if (row.state != "submitted") continue;
    bool is_visible = sees_all || row.rater == access.rater();
    if (!is_visible && row.stage == suggest_stage) {
      const auto [place, is_new] = sees_tools.try_emplace(row.rater_kind);
      if (is_new) {
        const RaterKind kind = rater_kind_named(row.rater_kind).value_or(RaterKind::Import);
        place->second =
            CSL_TRY(may_see_suggestions(access, reader, protocols, project, item, kind));
      }
      is_visible = place->second;
    }
    if (is_visible) labels[row.rater].push_back(std::move(row));
  }
  return labels;
}

// Names one rater's labels on the item as they are now.
Result<std::string> state_of(const storage::Reader& reader, const ItemId& item,
                             const RaterId& rater, const std::vector<AnnotationRow>& rows) {
  std::string text(writer_edition);
  text += ' ' + to_string(item) + ' ' + to_string(rater);
  for (const AnnotationRow& row : rows) {
    text += ' ' + to_string(row.id) + '@' + std::to_string(row.revision) + ' ' + row.protocol_hash;
  }
  for (const storage::MaskRow& mask : CSL_TRY(storage::masks_of_item(reader, item, rater))) {
    text += ' ' + mask.grid_id + '@' + std::to_string(mask.revision);
  }
  return to_hex(sha256(bytes_of(text)));
}

Result<std::shared_ptr<const DerivedInstance>> instance_of(ByteView file) {
  auto bytes = std::make_shared<const Bytes>(file.begin(), file.end());
  const DicomFile read = CSL_TRY(read_dicom(*bytes));
  const DicomDataset& dataset = read.dataset;
  auto instance = std::make_shared<DerivedInstance>();
  instance->series_uid = dataset.ascii(tags::series_instance_uid);
  instance->sop_uid = dataset.ascii(tags::sop_instance_uid);
  instance->sop_class_uid = dataset.ascii(tags::sop_class_uid);
  instance->modality = dataset.ascii(tags::modality);
  const std::string_view number = dataset.ascii(tags::series_number);
  std::from_chars(number.data(), number.data() + number.size(), instance->series_number);
  instance->series_description = dataset.text(tags::series_description);
  instance->transfer_syntax_uid = read.transfer_syntax_uid;
  instance->metadata_form = make_metadata_form_of_own(read);
  instance->bytes = std::move(bytes);
  return std::shared_ptr<const DerivedInstance>(std::move(instance));
}

// Segmentations and report come from one writer, since the report refers to the segmentations.
Result<DerivedInstances> make_instances(storage::Store& store, const storage::Reader& reader,
                                        const ExportCase& one, const std::string& state,
                                        Timestamp at) {
  DerivedInstances instances;
  ExportWork work(
      store, reader,
      [&](const std::string&, ByteView bytes) -> Status {
        instances.push_back(CSL_TRY(instance_of(bytes)));
        return {};
      },
      at);
  work.edition = state;
  CSL_TRY(export_report_part(work, {one}, ReportPart::Rest));
  CSL_TRY(export_report_part(work, {one}, ReportPart::DrawnOnImages));
  CSL_TRY(export_masks(work, {one}, ExportFormat::RtStruct));
  return instances;
}

}  // namespace

std::shared_ptr<const DerivedSeries::Kept> DerivedSeries::kept(const std::string& state) const {
  return recent_.with([&](const auto& recent) -> std::shared_ptr<const Kept> {
    const auto place = std::ranges::find(recent, state, &Kept::state);
    return place == recent.end() ? nullptr : *place;
  });
}

void DerivedSeries::keep(std::shared_ptr<const Kept> made) {
  recent_.with([&](auto& recent) {
    std::erase_if(recent, [&](const auto& one) { return one->state == made->state; });
    recent.push_front(std::move(made));
    std::uint64_t size_bytes = 0;
    for (auto place = recent.begin(); place != recent.end();) {
      size_bytes += (*place)->size_bytes;
      const bool is_over = size_bytes > cached_bytes_max && place != recent.begin();
      place = is_over ? recent.erase(place) : std::next(place);
    }
  });
}

Result<DerivedInstances> DerivedSeries::of_item(const Access& access, const storage::Reader& reader,
                                                const ProjectId& project, const ItemId& item) {
  const ByRater labels = CSL_TRY(visible_labels(access, reader, protocols_, project, item));
  DerivedInstances all;
  for (const auto& [rater, rows] : labels) {
    const std::string state = CSL_TRY(state_of(reader, item, rater, rows));
    auto found = kept(state);
    if (!found) {
      ExportCase one{.item = CSL_TRY(storage::find_item(reader, project, item)), .annotations = {}};
      Timestamp at;
      for (const AnnotationRow& row : rows) {
        one.annotations.push_back(CSL_TRY(exported_annotation(reader, protocols_, row)));
        at = std::max(at, row.updated_at);
      }
      auto made = std::make_shared<Kept>();
      made->state = state;
      auto instances = make_instances(store_, reader, one, state, at);
      // Labels on images that are not there any more are no object, and hide nobody else's.
      if (!instances && instances.error().code != ErrorCode::NotFound) {
        return std::unexpected(std::move(instances).error());
      }
      if (instances) made->instances = std::move(*instances);
      for (const auto& instance : made->instances) {
        made->size_bytes += instance->bytes->size() + instance->metadata_form.size();
      }
      found = made;
      keep(std::move(made));
    }
    all.insert(all.end(), found->instances.begin(), found->instances.end());
  }
  return all;
}

}  // namespace consilium::service
