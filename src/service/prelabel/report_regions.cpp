#include "service/prelabel/report_regions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "service/prelabel/object_labels.hpp"
#include "service/prelabel/space_forms.hpp"

namespace consilium::service {
namespace {

constexpr std::string_view own_scheme = "99CONSILIUM";

bool is_near(const ImagePoint& a, const ImagePoint& b) {
  constexpr double tolerance_px = 1e-3;
  return std::abs(a.x - b.x) < tolerance_px && std::abs(a.y - b.y) < tolerance_px;
}

// Four corners with right angles, rows and columns or not.
bool is_rectangle(const std::vector<ImagePoint>& corners) {
  constexpr double tolerance = 1e-3;
  if (corners.size() != 4) return false;
  for (std::size_t i = 0; i < 4; ++i) {
    const ImagePoint& a = corners[i];
    const ImagePoint& b = corners[(i + 1) % 4];
    const ImagePoint& c = corners[(i + 2) % 4];
    const double along = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y);
    const double size = std::hypot(b.x - a.x, b.y - a.y) * std::hypot(c.x - b.x, c.y - b.y);
    if (size == 0 || std::abs(along) > tolerance * size) return false;
  }
  return true;
}

bool has_word(const SrGroup& group, std::string_view code) {
  return std::ranges::any_of(group.measurements,
                             [&](const SrMeasurement& m) { return m.name.code == code; });
}

// Open lines: what was measured on them says which they are.
std::vector<RegionForm> forms_of_line(const SrGroup& group, std::vector<ImagePoint> points) {
  constexpr std::string_view cobb_angle = "285285000";
  std::vector<RegionForm> forms;
  if (points.size() == 2) forms.push_back({GeometryKind::Length, points});
  if (points.size() == 3) forms.push_back({GeometryKind::Angle, points});
  if (points.size() == 4) {
    forms.push_back(
        {has_word(group, cobb_angle) ? GeometryKind::Cobb : GeometryKind::Bidirectional, points});
  }
  forms.push_back({GeometryKind::Polyline, std::move(points)});
  return forms;
}

std::vector<RegionForm> forms_of(const SrGroup& group, const SrRegion& region) {
  std::vector<ImagePoint> points = region.points;
  switch (region.graphic) {
    case SrGraphic::Point:
    case SrGraphic::Multipoint:
      return {{GeometryKind::Point, {points.front()}}};
    case SrGraphic::Ellipse:
      if (points.size() != 4) return {};
      return {{GeometryKind::Ellipse, std::move(points)}};
    case SrGraphic::Circle: {
      if (points.size() != 2) return {};
      const ImagePoint c = points[0];
      const double r = std::hypot(points[1].x - c.x, points[1].y - c.y);
      return {{GeometryKind::Ellipse,
               {{c.x - r, c.y}, {c.x + r, c.y}, {c.x, c.y - r}, {c.x, c.y + r}}}};
    }
    case SrGraphic::Polyline:
      break;
  }
  if (points.size() >= 4 && is_near(points.front(), points.back())) {
    points.pop_back();
    return ring_forms(std::move(points));
  }
  if (points.size() < 2) return {};
  return forms_of_line(group, std::move(points));
}

// The group's own region, else the lines that its measurements were taken on: a long and a short
// axis are one drawing.
std::optional<SrRegion> region_of(const SrGroup& group) {
  if (const auto* region = std::get_if<SrRegion>(&group.place)) return *region;
  std::optional<SrRegion> joined;
  for (const SrMeasurement& measurement : group.measurements) {
    if (!measurement.inferred_from) continue;
    const SrRegion& line = *measurement.inferred_from;
    if (!joined) {
      joined = line;
    } else if (joined->points.size() == 2 && line.points.size() == 2 &&
               joined->image == line.image) {
      const auto& axis = line.points;
      const auto length = [](const std::vector<ImagePoint>& p) {
        return std::hypot(p[1].x - p[0].x, p[1].y - p[0].y);
      };
      std::vector<ImagePoint> both = joined->points;
      const bool is_longer = length(axis) > length(both);
      both.insert(is_longer ? both.begin() : both.end(), axis.begin(), axis.end());
      joined->points = std::move(both);
    }
  }
  return joined;
}

bool is_in_space(const SrGroup& group) {
  return std::holds_alternative<SrSpaceRegion>(group.place) ||
         std::holds_alternative<SrVolumeSurface>(group.place) ||
         (std::holds_alternative<SrWholeImages>(group.place) &&
          std::ranges::any_of(group.measurements, [](const SrMeasurement& measurement) {
            return measurement.inferred_from_space.has_value();
          }));
}

ToolName tool_of(const ReadMeasurementReport& report) {
  ToolName tool{.kind = report.device ? RaterKind::Model : RaterKind::Import,
                .name = tool_name(report.manufacturer, report.model, report.software_version, "")};
  if (report.device && !report.device->name.empty()) {
    tool.name = tool_name(report.device->manufacturer, report.device->model,
                          report.software_version, report.device->name);
  }
  return tool;
}

void add_names(SaidLabel& said, const SrGroup& group) {
  if (group.finding) {
    said.codes.push_back(*group.finding);
    said.name = group.finding->display;
  }
  if (said.name.empty()) said.name = group.tracking_id;
}

std::map<std::string, Quantity> measured(const SrGroup& group) {
  std::map<std::string, Quantity> values;
  for (const SrMeasurement& measurement : group.measurements) {
    std::string name;
    for (const char c : measurement.name.display) {
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == ' ' ? '_' : c;
    }
    constexpr std::size_t measurement_count_max = 32;
    if (name.empty() || measurement.derivation || values.size() >= measurement_count_max) continue;
    values.emplace(name, Quantity{.number = measurement.value, .unit = measurement.unit.code});
  }
  return values;
}

class ReportLabels {
 public:
  ReportLabels(const ReadMeasurementReport& report, ImageFinder& images, MissingImages missing)
      : report_(report), images_(images), refuses_missing_(missing == MissingImages::Refused) {
    read_.notes = report.notes;
  }

  Result<ReadLabels> run() {
    for (std::size_t g = 0; g < report_.groups.size(); ++g) CSL_TRY(add(g));
    CSL_TRY(add_answers("answer", report_.evaluations, {}));
    if (missing_ > 0 && read_.sets.empty()) {
      return fail(ErrorCode::NotFound,
                  fmt::format("none of the images of its {} regions is in the project", missing_),
                  missing_uid_, "import the images first, or together with it");
    }
    if (missing_ > 0) {
      std::string lacking =
          fmt::format("the images of {} of its regions are not in the project", missing_);
      if (refuses_missing_) {
        return fail(ErrorCode::NotFound, std::move(lacking), missing_uid_,
                    "import the images first, or together with it");
      }
      read_.notes.push_back(std::move(lacking));
    }
    if (without_place_ > 0) {
      read_.notes.push_back(
          fmt::format("{} groups have no place on an image and are left out", without_place_));
    }
    if (without_form_ > 0) {
      read_.notes.push_back(fmt::format(
          "{} regions in space are of no form that labels have and are left out", without_form_));
    }
    return std::move(read_);
  }

 private:
  Status add(std::size_t g) {
    const SrGroup& group = report_.groups[g];
    if (const auto* segment = std::get_if<SrSegmentReference>(&group.place)) {
      return add_segment(g, *segment);
    }
    if (is_in_space(group)) return add_space(g);
    const auto region = region_of(group);
    const auto forms = region ? forms_of(group, *region) : std::vector<RegionForm>{};
    if (forms.empty() && !region) return add_whole(g);
    if (forms.empty()) {
      ++without_place_;
      return {};
    }
    const auto image = CSL_TRY(images_.image(region->image.sop_instance_uid));
    if (!image) {
      if (missing_++ == 0) missing_uid_ = region->image.sop_instance_uid;
      return {};
    }
    SaidLabel said = said_of(g, SaidRegion{});
    const int frame = std::max(region->image.frame_number, 1) - 1;
    for (const auto& [kind, points] : forms) {
      std::get<SaidRegion>(said.place)
          .forms.push_back({.series_id = image->series,
                            .instance_uid = image->instance_uid,
                            .frame_index = static_cast<std::uint32_t>(frame),
                            .kind = kind,
                            .points = points});
    }
    set_of(image->item).labels.push_back(std::move(said));
    return {};
  }

  SaidLabel said_of(std::size_t g, decltype(SaidLabel::place) place) const {
    SaidLabel said{.key = "group " + std::to_string(g + 1),
                   .name = {},
                   .codes = {},
                   .tool = tool_of(report_),
                   .place = std::move(place),
                   .measurements = measured(report_.groups[g])};
    add_names(said, report_.groups[g]);
    for (const SrEvaluation& evaluation : report_.groups[g].evaluations) {
      said.answers.push_back({evaluation.name, evaluation.value});
    }
    return said;
  }

  // The item of the first image that the report refers to and that is here.
  Result<std::optional<ItemId>> item_referred_to() {
    for (const std::string& uid : report_.source_instance_uids) {
      if (const auto image = CSL_TRY(images_.image(uid))) return std::optional(image->item);
    }
    return std::optional<ItemId>{};
  }

  // The voxels are the segmentation's; what is said of them is added to its label.
  Status add_segment(std::size_t g, const SrSegmentReference& segment) {
    const auto item = CSL_TRY(item_referred_to());
    if (!item) {
      if (missing_++ == 0) missing_uid_ = segment.sop_instance_uid;
      return {};
    }
    set_of(*item).labels.push_back(
        said_of(g, SaidOfKept{.source = segment.sop_instance_uid,
                              .key = "segment " + std::to_string(segment.segment_number)}));
    return {};
  }

  // A group without a drawing: a finding of the whole study, or answers about images.
  Status add_whole(std::size_t g) {
    const SrGroup& group = report_.groups[g];
    const auto& references = std::get<SrWholeImages>(group.place).images;
    if (group.finding) {
      const auto item = CSL_TRY(item_referred_to());
      if (!item) {
        if (missing_++ == 0) missing_uid_ = group.tracking_uid;
        return {};
      }
      SaidLabel said = said_of(g, SaidWhole{});
      const auto presence = std::ranges::find_if(said.answers, [](const SaidAnswer& answer) {
        return answer.name.system == own_scheme && answer.name.code == "presence";
      });
      if (presence != said.answers.end()) {
        if (const auto* text = std::get_if<std::string>(&presence->value)) {
          std::get<SaidWhole>(said.place).value = *text;
        }
        said.answers.erase(presence);
      }
      set_of(*item).labels.push_back(std::move(said));
      return {};
    }
    // Our own reports name the level of the images that they answer about; the question has it too.
    std::vector<SrEvaluation> evaluations = group.evaluations;
    std::erase_if(evaluations, [](const SrEvaluation& evaluation) {
      return evaluation.name.system == own_scheme && evaluation.name.code == "level";
    });
    if (evaluations.empty()) {
      ++without_place_;
      return {};
    }
    std::vector<FrameTarget> images;
    for (const ImageReference& reference : references) {
      const auto image = CSL_TRY(images_.image(reference.sop_instance_uid));
      if (!image) continue;
      const int frame = std::max(reference.frame_number, 1) - 1;
      images.push_back({image->series, image->instance_uid, static_cast<std::uint32_t>(frame)});
    }
    if (images.empty() && !references.empty()) {
      if (missing_++ == 0) missing_uid_ = references.front().sop_instance_uid;
      return {};
    }
    return add_answers("group " + std::to_string(g + 1) + " answer", evaluations, images);
  }

  Status add_answers(const std::string& key, const std::vector<SrEvaluation>& evaluations,
                     const std::vector<FrameTarget>& images) {
    if (evaluations.empty()) return {};
    const auto item = CSL_TRY(item_referred_to());
    if (!item) {
      read_.notes.push_back(fmt::format(
          "the images that {} answers are about are not in the project", evaluations.size()));
      return {};
    }
    for (std::size_t n = 0; n < evaluations.size(); ++n) {
      set_of(*item).answers.push_back({.key = key + " " + std::to_string(n + 1),
                                       .tool = tool_of(report_),
                                       .answer = {evaluations[n].name, evaluations[n].value},
                                       .images = images});
    }
    return {};
  }

  // What is drawn in the patient stands on the images that share its frame of reference.
  Status add_space(std::size_t g) {
    std::string frame;
    const std::vector<SpaceForm> forms = space_forms(report_.groups[g], frame);
    if (forms.empty()) {
      ++without_form_;
      return {};
    }
    const auto volume = CSL_TRY(volume_in(frame));
    if (!volume) {
      if (missing_++ == 0) missing_uid_ = frame;
      return {};
    }
    SaidSpace space;
    for (const auto& [kind, points] : forms) {
      space.forms.push_back({.series_id = volume->series, .kind = kind, .points = points});
    }
    set_of(volume->item).labels.push_back(said_of(g, std::move(space)));
    return {};
  }

  // Of the images that the report refers to the first that lie in the frame, else any of the
  // project's that do; nothing when those are of several items.
  Result<std::shared_ptr<const KnownVolume>> volume_in(const std::string& frame) {
    using Volume = std::shared_ptr<const KnownVolume>;
    if (const auto known = volume_of_frame_.find(frame); known != volume_of_frame_.end()) {
      return known->second;
    }
    const auto is_there = [&](const Volume& volume) {
      return images_.is_same_uid(frame, volume->grid.frame_of_reference_uid);
    };
    Volume& found = volume_of_frame_[frame];
    const auto referred = CSL_TRY(images_.volumes_with(report_.source_instance_uids)).volumes;
    const auto named = std::ranges::find_if(referred, is_there);
    if (named != referred.end()) return found = *named;
    for (const Volume& volume : CSL_TRY(images_.all_volumes())) {
      if (!is_there(volume)) continue;
      if (found && found->item != volume->item) return found = nullptr;
      if (!found) found = volume;
    }
    return found;
  }

  LabelSet& set_of(const ItemId& item) {
    const auto found = std::ranges::find(read_.sets, item, &LabelSet::item);
    if (found != read_.sets.end()) return *found;
    return read_.sets.emplace_back(
        LabelSet{.item = item, .source = report_.sop_instance_uid, .labels = {}});
  }

  const ReadMeasurementReport& report_;
  ImageFinder& images_;
  ReadLabels read_;
  bool refuses_missing_ = false;
  std::size_t missing_ = 0;
  std::string missing_uid_;
  std::size_t without_place_ = 0;
  std::size_t without_form_ = 0;
  std::map<std::string, std::shared_ptr<const KnownVolume>> volume_of_frame_;
};

}  // namespace

std::optional<std::pair<ImagePoint, ImagePoint>> as_box(const std::vector<ImagePoint>& ring) {
  if (ring.size() != 4 || !is_rectangle(ring)) return std::nullopt;
  const auto is_straight = [](const ImagePoint& a, const ImagePoint& b) {
    constexpr double tolerance_px = 0.01;  // as files of few decimals round
    return std::abs(a.x - b.x) < tolerance_px || std::abs(a.y - b.y) < tolerance_px;
  };
  if (!is_straight(ring[0], ring[1]) || !is_straight(ring[1], ring[2])) return std::nullopt;
  const auto [left, right] = std::minmax({ring[0].x, ring[1].x, ring[2].x, ring[3].x});
  const auto [top, bottom] = std::minmax({ring[0].y, ring[1].y, ring[2].y, ring[3].y});
  return std::pair{ImagePoint{left, top}, ImagePoint{right, bottom}};
}

std::vector<RegionForm> ring_forms(std::vector<ImagePoint> ring) {
  std::vector<RegionForm> forms;
  if (const auto box = as_box(ring)) {
    forms.push_back({GeometryKind::Box, {box->first, box->second}});
  }
  if (is_rectangle(ring)) forms.push_back({GeometryKind::RotatedBox, ring});
  forms.push_back({GeometryKind::Polygon, std::move(ring)});
  return forms;
}

Result<ReadLabels> labels_of_report(const ReadMeasurementReport& report, ImageFinder& images,
                                    MissingImages missing) {
  return ReportLabels(report, images, missing).run();
}

}  // namespace consilium::service
