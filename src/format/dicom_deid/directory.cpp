#include "format/dicom_deid/directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_deid/deid_walk.hpp"
#include "format/dicom_write/part10.hpp"

namespace consilium {
namespace {

constexpr std::string_view media_directory = "1.2.840.10008.1.3.10";
constexpr DicomTag file_set_id = dicom_tag(0x00041130);
constexpr DicomTag first_root = dicom_tag(0x00041200);
constexpr DicomTag last_root = dicom_tag(0x00041202);
constexpr DicomTag records_tag = dicom_tag(0x00041220);
constexpr DicomTag next_record = dicom_tag(0x00041400);
constexpr DicomTag lower_record = dicom_tag(0x00041420);
constexpr DicomTag record_type = dicom_tag(0x00041430);
constexpr DicomTag referenced_file = dicom_tag(0x00041500);
constexpr std::size_t head_sizes = 16;  // of an item and of its first element

std::unexpected<Error> broken() {
  return fail(ErrorCode::Corrupt, "the directory's records do not make a tree", "(0004,1220)",
              "make a new DICOMDIR of the results");
}

// Where an item begins in its file: its first element is the offset of the next record.
Result<std::uint32_t> place_of(const DicomFile& file, const DicomDataset& record) {
  const DicomElement* first = record.empty() ? nullptr : &record.elements().front();
  if (first == nullptr || first->tag != next_record || first->value.bytes().size() != 4) {
    return broken();
  }
  const auto at = static_cast<std::uint64_t>(first->value.bytes().data() - file.bytes.data());
  if (at < head_sizes || at > UINT32_MAX) return broken();
  return static_cast<std::uint32_t>(at - head_sizes);
}

struct Node {
  DicomDataset record;
  std::string identity;  // of the file it names, or of the first one below it
  std::vector<Node> below;
};

class Directory {
 public:
  Directory(const DicomFile& file, const DeidProfile& profile, const DeidKey& key,
            const KnownIdentifiers& known, const FileRenaming& renamed, const DeidRules& rules)
      : file_(file),
        profile_(profile),
        key_(key),
        known_(known),
        renamed_(renamed),
        rules_(rules) {}

  Result<DeidDirectory> done() {
    const auto records = file_.dataset.items(records_tag);
    for (std::size_t i = 0; i < records.size(); ++i) {
      index_of_[CSL_TRY(place_of(file_, records[i]))] = i;
    }
    std::vector<Node> roots = CSL_TRY(siblings(file_.dataset.integer(first_root).value_or(0), 0));
    if (roots.empty()) {
      return fail(ErrorCode::NotFound, "none of the files that the directory names was released");
    }
    std::vector<DicomDataset> out;
    for (const Node& root : roots) append(root, out);
    detail::DeidWalk walk(profile_, key_, known_, rules_, std::string(media_directory), 0);
    DicomDataset rest = file_.dataset;
    rest.erase(records_tag);
    DicomDataset top = walk.dataset(rest, {}, "");
    add_steps(walk);
    top.put_text(file_set_id, Vr::Cs, "");
    top.erase(dicom_tag(0x00041141));  // a file of notes about the file-set
    top.erase(dicom_tag(0x00041142));
    top.put_items(records_tag, std::move(out));
    Bytes bytes = CSL_TRY(part10_head(
        media_directory, key_.uid(file_.meta.ascii(tags::media_storage_sop_instance_uid)),
        explicit_little_endian().uid));
    const Bytes body = CSL_TRY(write_explicit_little_endian(top));
    bytes.insert(bytes.end(), body.begin(), body.end());
    CSL_TRY(link(bytes, roots));
    return DeidDirectory{.bytes = std::move(bytes), .steps = std::move(steps_)};
  }

 private:
  // The kept records from that offset on, with what is below them.
  Result<std::vector<Node>> siblings(std::int64_t offset, std::size_t depth) {
    constexpr std::size_t depth_max = 8;
    std::vector<Node> kept;
    while (offset != 0) {
      const auto found = index_of_.find(static_cast<std::uint32_t>(offset));
      if (found == index_of_.end() || depth > depth_max || !seen_.insert(found->second).second) {
        return broken();
      }
      const DicomDataset& record = file_.dataset.items(records_tag)[found->second];
      if (auto node = CSL_TRY(node_of(record, found->second, depth))) {
        kept.push_back(std::move(*node));
      }
      offset = record.integer(next_record).value_or(0);
    }
    return kept;
  }

  Result<std::optional<Node>> node_of(const DicomDataset& record, std::size_t index,
                                      std::size_t depth) {
    Node node;
    node.below = CSL_TRY(siblings(record.integer(lower_record).value_or(0), depth + 1));
    if (!node.below.empty()) node.identity = node.below.front().identity;
    std::string name;
    for (const std::string& part : record.texts(referenced_file)) {
      name += (name.empty() ? "" : "/") + part;
    }
    std::optional<RenamedFile> file;
    if (!name.empty()) file = renamed_(name);
    const std::string_view type = record.ascii(record_type);
    if (type == "PRIVATE" || (!file && node.below.empty())) return std::optional<Node>();
    if (file) node.identity = file->identity;
    detail::DeidWalk walk(profile_, key_, known_, rules_, std::string(media_directory),
                          key_.shift_days(node.identity));
    node.record = walk.dataset(record, records_tag, fmt::format("(0004,1220)[{}].", index));
    add_steps(walk);
    node.record.erase(referenced_file);
    if (file) {
      std::string id = file->name;
      std::ranges::replace(id, '/', '\\');
      node.record.put_text(referenced_file, Vr::Cs, id);
    }
    if (type == "PATIENT") {
      const std::string patient = key_.patient(node.identity);
      node.record.put_text(tags::patient_name, Vr::Pn, patient);
      node.record.put_text(tags::patient_id, Vr::Lo, patient);
    }
    return std::optional<Node>(std::move(node));
  }

  void add_steps(detail::DeidWalk& walk) {
    for (DeidStep& step : walk.take_steps()) steps_.push_back(std::move(step));
  }

  // A record before those below it, as `link` counts them too.
  static void append(const Node& node, std::vector<DicomDataset>& out) {
    out.push_back(node.record);
    for (const Node& below : node.below) append(below, out);
  }

  // Offsets are known when the file is written: reads it, and writes them into it.
  static Status link(Bytes& bytes, const std::vector<Node>& roots) {
    const DicomFile written = CSL_TRY(read_dicom(bytes));
    const auto records = written.dataset.items(records_tag);
    std::vector<std::uint32_t> places;
    for (const DicomDataset& record : records) {
      places.push_back(CSL_TRY(place_of(written, record)));
    }
    const auto put = [&](const DicomDataset& in, DicomTag tag, std::uint32_t value) {
      const DicomElement* element = in.find(tag);
      if (element == nullptr || element->value.bytes().size() != 4) return;
      const auto at = static_cast<std::size_t>(element->value.bytes().data() - bytes.data());
      for (std::size_t i = 0; i < 4; ++i) {
        bytes[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xFFU);
      }
    };
    std::size_t index = 0;
    std::uint32_t last = 0;
    const auto walk = [&](const auto& self, const std::vector<Node>& nodes) -> void {
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const std::size_t own = index++;
        last = places[own];
        put(records[own], lower_record, nodes[i].below.empty() ? 0 : places[own + 1]);
        self(self, nodes[i].below);
        put(records[own], next_record, i + 1 < nodes.size() ? places[index] : 0);
        last = places[own];
      }
    };
    walk(walk, roots);
    put(written.dataset, first_root, places.front());
    put(written.dataset, last_root, last);
    return {};
  }

  const DicomFile& file_;
  const DeidProfile& profile_;
  const DeidKey& key_;
  const KnownIdentifiers& known_;
  const FileRenaming& renamed_;
  const DeidRules& rules_;
  std::map<std::uint32_t, std::size_t> index_of_;
  std::set<std::size_t> seen_;
  std::vector<DeidStep> steps_;
};

}  // namespace

bool is_media_directory(const DicomFile& file) {
  return file.meta.ascii(tags::media_storage_sop_class_uid) == media_directory;
}

Result<DeidDirectory> deidentify_directory(const DicomFile& file, const DeidProfile& profile,
                                           const DeidKey& key, const KnownIdentifiers& known,
                                           const FileRenaming& renamed, const DeidRules& rules) {
  return Directory(file, profile, key, known, renamed, rules).done();
}

}  // namespace consilium
