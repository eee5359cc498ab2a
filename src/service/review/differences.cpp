#include "service/review/differences.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "analysis/matching/bipartite.hpp"
#include "service/annotation/mask_copy.hpp"
#include "service/panel/place_matching.hpp"
#include "service/panel/voting_units.hpp"
#include "service/review/comparison.hpp"
#include "storage/labels.hpp"

namespace consilium::service {
namespace {

// Places that overlap less are two findings, not one whose extent is in doubt.
constexpr double span_overlap_min = 1e-6;
constexpr double area_overlap_min = 0.1;
// A Dice of 0.7 and more is what readers of good agreement reach (Zijdenbos et al., IEEE Trans.
// Med. Imaging 13 (1994) 716-724).
constexpr double dice_min_default = 0.7;
// Masks of one label that share less are different findings.
constexpr double dice_matched_min = 0.1;

class Grouping {
 public:
  Grouping(storage::Store& store, const storage::Reader& reader, const Protocol& protocol,
           const storage::ItemRow& item, std::span<const Opinion* const> opinions)
      : store_(store), reader_(reader), protocol_(protocol), item_(item), opinions_(opinions) {}

  Result<std::vector<Group>> run() {
    add_questions();
    for (const UnitPlan& plan : plan_units(protocol_)) {
      const bool is_place = plan.kind == VotingKind::Label && plan.geometry != PlaceGeometry::Whole;
      if (is_place) CSL_TRY(add_places(plan));
    }
    CSL_TRY(add_masks());
    add_whole_labels();
    add_joining();
    return std::move(groups_);
  }

 private:
  Group empty_group(DifferenceKind kind, std::string unit, std::string title,
                    std::string place) const {
    Group group{.kind = kind,
                .unit = std::move(unit),
                .title = std::move(title),
                .place = std::move(place),
                .said = {},
                .same_extent = true};
    for (std::size_t o = 0; o < opinions_.size(); ++o) group.said.push_back({o, nullptr});
    return group;
  }

  template <class Use>
  void each(const Use& use) const {
    for (std::size_t o = 0; o < opinions_.size(); ++o) {
      for (const Annotation& annotation : opinions_[o]->annotations) use(o, annotation);
    }
  }

  std::string label_title(const std::string& id) const {
    const LabelSpec* label = protocol_.label(id);
    return label == nullptr ? id : label->name;
  }

  void add_questions() {
    std::map<std::pair<std::string, std::string>, Group> found;
    each([&](std::size_t o, const Annotation& annotation) {
      if (annotation.label || !annotation.question) return;
      const QuestionSpec* question = protocol_.question(*annotation.question);
      const std::string part = part_key(annotation.target);
      const auto at = found.try_emplace(
          {*annotation.question, part},
          empty_group(DifferenceKind::Question, *annotation.question,
                      question == nullptr ? *annotation.question : question->name, part));
      at.first->second.said[o].annotation = &annotation;
    });
    for (const QuestionSpec& question : protocol_.questions) {
      for (auto& [key, group] : found) {
        if (key.first == question.id) add(std::move(group));
      }
    }
    for (auto& [key, group] : found) {
      if (protocol_.question(key.first) == nullptr) add(std::move(group));
    }
  }

  // Where a rater has no place with the label, but said of the whole item that it is not there or
  // that they are unsure, that is what they say of each place.
  void fill_in_whole_votes(Group& group, const std::vector<std::string>& labels) {
    for (Said& said : group.said) {
      if (said.annotation != nullptr) continue;
      for (const Annotation& annotation : opinions_[said.opinion]->annotations) {
        const auto* text = std::get_if<std::string>(&annotation.value);
        if (!annotation.label || text == nullptr || !is_reserved_value(*text)) continue;
        if (!std::holds_alternative<WholeTarget>(annotation.target)) continue;
        if (std::ranges::find(labels, *annotation.label) == labels.end()) continue;
        said.annotation = &annotation;
        told_at_places_.insert(annotation.id);
      }
    }
  }

  std::size_t add(Group group) {
    for (const Said& said : group.said) {
      if (said.annotation != nullptr) group_of_[said.annotation->id] = groups_.size();
    }
    groups_.push_back(std::move(group));
    return groups_.size() - 1;
  }

  Status add_places(const UnitPlan& plan) {
    std::vector<Mark> marks;
    each([&](std::size_t o, const Annotation& annotation) {
      if (annotation.label && plan.has_label(*annotation.label) &&
          geometry_of(place_kind(annotation.target)) == plan.geometry) {
        marks.push_back({static_cast<std::uint32_t>(o), &annotation});
      }
    });
    if (marks.empty()) return {};
    const auto reader_count = static_cast<std::uint32_t>(opinions_.size());
    std::vector<MarkCluster> clusters =
        CSL_TRY(match_places(reader_, item_, plan, marks, reader_count));
    std::map<AnnotationId, std::size_t> close;  // which are within the tolerance
    for (std::size_t c = 0; c < clusters.size(); ++c) {
      for (const Mark& mark : clusters[c]) close[mark.annotation->id] = c;
    }
    UnitPlan loose = plan;
    if (plan.geometry == PlaceGeometry::Spans) loose.tolerance.iou_min = span_overlap_min;
    if (plan.geometry == PlaceGeometry::Area) {
      loose.tolerance.iou_min =
          std::min(plan.tolerance.iou_min.value_or(area_overlap_min), area_overlap_min);
    }
    if (!(loose.tolerance == plan.tolerance)) {
      clusters = CSL_TRY(match_places(reader_, item_, loose, marks, reader_count));
    }
    for (const MarkCluster& cluster : clusters) {
      Group group = empty_group(DifferenceKind::Label, plan.id, plan.title, "");
      for (const Mark& mark : cluster) {
        group.said[mark.rater].annotation = mark.annotation;
        if (close.at(mark.annotation->id) != close.at(cluster.front().annotation->id)) {
          group.same_extent = false;
        }
      }
      fill_in_whole_votes(group, plan.labels);
      add(std::move(group));
    }
    return {};
  }

  struct Drawn {
    std::size_t opinion = 0;
    const Annotation* annotation = nullptr;
    BinaryBricks voxels;
  };

  Status add_masks() {
    std::map<std::pair<std::string, std::string>, std::vector<Drawn>> found;  // by grid and label
    each([&](std::size_t o, const Annotation& annotation) {
      const auto* mask = std::get_if<MaskTarget>(&annotation.target);
      if (mask == nullptr || !annotation.label) return;
      found[{mask->grid_id, *annotation.label}].push_back({o, &annotation, {}});
    });
    for (auto& [key, drawn] : found) {
      std::string revisions;  // of the masks: drawing on changes what is compared
      for (const Opinion* opinion : opinions_) {
        revisions += ' ' + std::to_string(CSL_TRY(storage::mask_revision(
                               reader_, item_.id, opinion->rater.id, key.first)));
      }
      for (Drawn& one : drawn) {
        one.voxels = CSL_TRY(load_segment(store_, reader_, item_.patient, item_.id,
                                          opinions_[one.opinion]->rater.id, key.first,
                                          std::get<MaskTarget>(one.annotation->target).segment));
      }
      CSL_TRY(add_masks_of(key.second, key.first + revisions, drawn));
      drawn.clear();  // their voxels are large
    }
    return {};
  }

  // Opinion by opinion, each of whose masks joins the group that it overlaps most.
  Status add_masks_of(const std::string& label, const std::string& place,
                      const std::vector<Drawn>& drawn) {
    std::vector<std::vector<const Drawn*>> joined;
    for (std::size_t o = 0; o < opinions_.size(); ++o) {
      std::vector<const Drawn*> own;
      for (const Drawn& one : drawn) {
        if (one.opinion == o) own.push_back(&one);
      }
      const bool is_only_one = own.size() == 1 && joined.size() == 1;
      std::vector<Match> pairs;
      if (is_only_one) {
        pairs.push_back({0, 0});  // whatever they share: one mask each is one finding
      } else if (!own.empty() && !joined.empty()) {
        const auto weight = [&](std::uint32_t i, std::uint32_t j) {
          double greatest = 0;
          for (const Drawn* other : joined[i]) {
            greatest = std::max(greatest, dice_of(other->voxels, own[j]->voxels).value_or(0));
          }
          return greatest;
        };
        pairs = CSL_TRY(match_by_weight(static_cast<std::uint32_t>(joined.size()),
                                        static_cast<std::uint32_t>(own.size()), weight,
                                        dice_matched_min, WeightGoal::Weight));
      }
      std::set<std::uint32_t> paired;
      for (const Match& pair : pairs) {
        joined[pair.first].push_back(own[pair.second]);
        paired.insert(pair.second);
      }
      for (std::uint32_t j = 0; j < own.size(); ++j) {
        if (!paired.contains(j)) joined.push_back({own[j]});
      }
    }
    for (const auto& members : joined) {
      Group group = empty_group(DifferenceKind::Mask, label + "@mask", label_title(label), place);
      for (const Drawn* one : members) group.said[one->opinion].annotation = one->annotation;
      group.same_extent = overlap_enough(label, members);
      fill_in_whole_votes(group, {label});
      add(std::move(group));
    }
    return {};
  }

  // A least intersection over union J is a least Dice of 2 J / (1 + J).
  bool overlap_enough(const std::string& label, const std::vector<const Drawn*>& members) const {
    const LabelSpec* spec = protocol_.label(label);
    double least = dice_min_default;
    if (spec != nullptr && spec->tolerance.iou_min) {
      least = 2 * *spec->tolerance.iou_min / (1 + *spec->tolerance.iou_min);
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (std::size_t j = i + 1; j < members.size(); ++j) {
        const auto dice = dice_of(members[i]->voxels, members[j]->voxels);
        if (dice && *dice < least) return false;
      }
    }
    return true;
  }

  void add_whole_labels() {
    std::map<std::pair<std::string, std::string>, Group> found;
    each([&](std::size_t o, const Annotation& annotation) {
      const bool is_whole = std::holds_alternative<WholeTarget>(annotation.target) ||
                            std::holds_alternative<SeriesTarget>(annotation.target);
      if (!annotation.label || !is_whole || told_at_places_.contains(annotation.id)) return;
      const std::string series = part_key(annotation.target);
      const auto at =
          found.try_emplace({*annotation.label, series},
                            empty_group(DifferenceKind::Label, *annotation.label + "@whole",
                                        label_title(*annotation.label), series));
      at.first->second.said[o].annotation = &annotation;
    });
    for (auto& [key, group] : found) add(std::move(group));
  }

  // Relations, events and chains are the same when they join the same places: in the same roles,
  // and of a chain in any order. What stands on a place that is nobody's is not compared.
  void add_joining() {
    using Joined = std::vector<std::pair<std::string, std::size_t>>;  // role and place
    std::map<std::pair<std::string, Joined>, Group> found;
    each([&](std::size_t o, const Annotation& annotation) {
      const std::vector<AnnotationId> ids = joined_by(annotation.target);
      if (ids.empty() || !annotation.label) return;
      std::vector<std::string> roles(ids.size());
      if (std::holds_alternative<RelationTarget>(annotation.target)) {
        roles = {"from", "to"};
      } else if (const auto* event = std::get_if<EventTarget>(&annotation.target)) {
        const std::size_t first = event->trigger ? 1 : 0;
        for (std::size_t i = first; i < ids.size(); ++i) {
          roles[i] = event->arguments[i - first].role;
        }
      }
      Joined joined;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto group = group_of_.find(ids[i]);
        if (group == group_of_.end()) return;
        joined.emplace_back(std::move(roles[i]), group->second);
      }
      std::ranges::sort(joined);
      const auto at = found.try_emplace({*annotation.label, std::move(joined)},
                                        empty_group(DifferenceKind::Label, *annotation.label,
                                                    label_title(*annotation.label), ""));
      at.first->second.said[o].annotation = &annotation;
    });
    for (auto& [key, group] : found) add(std::move(group));
  }

  storage::Store& store_;
  const storage::Reader& reader_;
  const Protocol& protocol_;
  const storage::ItemRow& item_;
  std::span<const Opinion* const> opinions_;
  std::vector<Group> groups_;
  std::map<AnnotationId, std::size_t> group_of_;
  std::set<AnnotationId> told_at_places_;
};

}  // namespace

Result<std::vector<Difference>> differences_of(storage::Store& store, const storage::Reader& reader,
                                               const Protocol& protocol,
                                               const storage::ItemRow& item,
                                               std::span<const Opinion* const> opinions) {
  if (opinions.empty()) return std::vector<Difference>{};
  std::vector<Difference> differences;
  for (Group& group : CSL_TRY(Grouping(store, reader, protocol, item, opinions).run())) {
    differences.push_back(compare(protocol, std::move(group)));
  }
  sort_worst_first(differences);
  return differences;
}

void sort_worst_first(std::vector<Difference>& differences) {
  std::ranges::stable_sort(differences, [](const Difference& a, const Difference& b) {
    if (a.agreed != b.agreed) return b.agreed;
    return a.entropy_bits > b.entropy_bits;
  });
}

}  // namespace consilium::service
