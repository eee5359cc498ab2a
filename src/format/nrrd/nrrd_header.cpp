#include "format/nrrd/nrrd_header.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/byte_reader.hpp"
#include "format/volume/header_words.hpp"

namespace consilium::detail {
namespace {

constexpr std::size_t header_bytes_max = 16U << 20U;
constexpr std::size_t segment_count_max = 65'535;
constexpr std::int64_t axis_max = 1 << 24;

std::unexpected<Error> corrupt(std::string what, std::string where = {}) {
  return fail(ErrorCode::Corrupt, std::move(what), std::move(where), "write the file again");
}
std::unexpected<Error> unsupported(std::string what, std::string where, std::string remedy) {
  return fail(ErrorCode::Unsupported, std::move(what), std::move(where), std::move(remedy));
}

// "field: value" and "key:=value" lines.
struct Lines {
  std::map<std::string, std::string, std::less<>> fields;  // lower case, without spaces
  std::map<std::string, std::string, std::less<>> keys;
  std::vector<std::string> listed_files;  // after "data file: LIST"
  std::size_t size_bytes = 0;

  [[nodiscard]] std::string_view field(std::string_view name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string_view{} : std::string_view(found->second);
  }
};

// PS: "\\" is a backslash and "\n" a line's end in values of keys.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == '\\')) {
      out.push_back(text[++i] == 'n' ? '\n' : '\\');
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string field_name(std::string_view name) {
  std::string out = lower_case(name);
  std::erase(out, ' ');
  if (out == "datafile") return "datafile";
  return out == "centerings" ? "centers" : out;
}

Result<Lines> read_lines(ByteView file) {
  ByteReader bytes(file.first(std::min(file.size(), header_bytes_max)));
  Lines lines;
  const std::string_view magic = CSL_TRY(bytes.line());
  if (!magic.starts_with("NRRD000") || magic.size() < 8) {
    return corrupt("this is not an NRRD file", "byte 0");
  }
  while (!bytes.at_end()) {
    const std::string_view line = CSL_TRY(bytes.line());
    if (line.empty()) break;
    if (line.front() == '#') continue;
    if (lines.field("datafile").starts_with("LIST")) {
      lines.listed_files.emplace_back(trimmed(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return corrupt("a line of the header is neither a field nor a key", bytes.where());
    }
    const std::string_view name = trimmed(line.substr(0, colon));
    if (line.substr(colon).starts_with(":=")) {
      lines.keys[std::string(name)] = unescaped(line.substr(colon + 2));
    } else {
      lines.fields[field_name(name)] = std::string(trimmed(line.substr(colon + 1)));
    }
  }
  lines.size_bytes = bytes.position();
  if (bytes.at_end() && file.size() > header_bytes_max) {
    return fail(ErrorCode::TooLarge, "the header does not end within 16 MiB");
  }
  return lines;
}

std::optional<SampleType> sample_type_of(std::string_view name) {
  static const std::map<std::string_view, SampleType> types{{"signed char", SampleType::I8},
                                                            {"int8", SampleType::I8},
                                                            {"int8_t", SampleType::I8},
                                                            {"uchar", SampleType::U8},
                                                            {"unsigned char", SampleType::U8},
                                                            {"uint8", SampleType::U8},
                                                            {"uint8_t", SampleType::U8},
                                                            {"short", SampleType::I16},
                                                            {"short int", SampleType::I16},
                                                            {"signed short", SampleType::I16},
                                                            {"signed short int", SampleType::I16},
                                                            {"int16", SampleType::I16},
                                                            {"int16_t", SampleType::I16},
                                                            {"ushort", SampleType::U16},
                                                            {"unsigned short", SampleType::U16},
                                                            {"unsigned short int", SampleType::U16},
                                                            {"uint16", SampleType::U16},
                                                            {"uint16_t", SampleType::U16},
                                                            {"int", SampleType::I32},
                                                            {"signed int", SampleType::I32},
                                                            {"int32", SampleType::I32},
                                                            {"int32_t", SampleType::I32},
                                                            {"uint", SampleType::U32},
                                                            {"unsigned int", SampleType::U32},
                                                            {"uint32", SampleType::U32},
                                                            {"uint32_t", SampleType::U32},
                                                            {"float", SampleType::F32},
                                                            {"double", SampleType::F64}};
  const auto found = types.find(name);
  return found == types.end() ? std::nullopt : std::optional(found->second);
}

// How x, y and z of the space turn into LPS; nothing when the space is not the patient's.
std::optional<std::array<double, 3>> turn_of(const std::string& space) {
  const auto is = [&](std::string_view whole, std::string_view brief) {
    return space == whole || space == brief;
  };
  if (is("left-posterior-superior", "lps")) return std::array{1.0, 1.0, 1.0};
  if (is("right-anterior-superior", "ras")) return std::array{-1.0, -1.0, 1.0};
  if (is("left-anterior-superior", "las")) return std::array{1.0, -1.0, 1.0};
  return std::nullopt;
}

// One step for each axis, or nothing for an axis outside of space ("none").
using Directions = std::vector<std::optional<Vector3>>;

Result<Directions> directions_of(std::string_view text, std::size_t axis_count) {
  Directions directions;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ' || text[at] == '\t') {
      ++at;
      continue;
    }
    if (text.substr(at).starts_with("none")) {
      directions.emplace_back();
      at += 4;
      continue;
    }
    const std::size_t end = text.find(')', at);
    const auto numbers =
        end == std::string_view::npos ? std::nullopt : numbers_of(text.substr(at, end - at), "(,");
    if (!numbers || numbers->size() != 3) {
      return corrupt("a space direction is not three numbers", "space directions");
    }
    directions.emplace_back(Vector3{(*numbers)[0], (*numbers)[1], (*numbers)[2]});
    at = end + 1;
  }
  if (directions.size() != axis_count) {
    return corrupt("there is not a space direction for each axis", "space directions");
  }
  return directions;
}

class HeaderReader {
 public:
  explicit HeaderReader(const Lines& lines) : lines_(lines) {}

  Result<NrrdHeader> read() {
    header_.size_bytes = lines_.size_bytes;
    CSL_TRY(read_type());
    CSL_TRY(read_axes());
    CSL_TRY(read_space());
    CSL_TRY(read_data_place());
    read_segments();
    return std::move(header_);
  }

 private:
  Status read_type() {
    const std::string name = lower_case(lines_.field("type"));
    if (name.empty()) return corrupt("the header has no sample type", "type");
    const auto type = sample_type_of(name);
    if (!type) {
      return unsupported("samples of this kind are not read", "type",
                         "convert them to integers of at most 32 bits or to floats");
    }
    header_.shape.sample_type = *type;
    return {};
  }

  Status read_axes() {
    const auto count = integer_of(lines_.field("dimension"));
    if (!count || *count < 1 || *count > 16) {
      return corrupt("the count of dimensions is out of range", "dimension");
    }
    for (const std::string_view word : words_of(lines_.field("sizes"))) {
      const auto size = integer_of(word);
      if (!size || *size < 1 || *size > axis_max) {
        return corrupt("a size is out of range", "sizes");
      }
      sizes_.push_back(static_cast<std::uint32_t>(*size));
    }
    if (sizes_.size() != static_cast<std::size_t>(*count)) {
      return corrupt("there is not a size for each dimension", "sizes");
    }
    if (sizes_.size() < 2 || sizes_.size() > 4) {
      return unsupported("volumes of two or three dimensions are read, or lists of them",
                         "dimension", "split it into volumes");
    }
    return {};
  }

  // Which axis is not in space, when there are four.
  Result<std::optional<std::size_t>> list_axis(const Directions& directions) const {
    if (sizes_.size() < 4) return std::optional<std::size_t>{};
    const std::vector<std::string_view> kinds = words_of(lines_.field("kinds"));
    std::optional<std::size_t> found;
    for (std::size_t axis = 0; axis < 4; ++axis) {
      const std::string kind = kinds.size() == 4 ? lower_case(kinds[axis]) : "";
      const bool is_spatial = directions.empty()
                                  ? kind == "domain" || kind == "space" || kind.empty()
                                  : directions[axis].has_value();
      if (is_spatial) continue;
      const bool is_list = kind.empty() || kind == "list" || kind == "time" || kind == "???" ||
                           kind == "none" || kind == "stub" || kind == "scalar";
      if (!is_list) {
        return unsupported("its samples are vectors or colours", "kinds",
                           "give a volume of one number a voxel");
      }
      if (found) return unsupported("it has two axes outside of space", "kinds", "split it");
      found = axis;
    }
    if (!found) found = 3;  // four axes alike: the last is the list's
    if (*found != 0 && *found != 3) {
      return unsupported("its list is neither the first nor the last axis", "kinds",
                         "permute its axes");
    }
    return found;
  }

  Status read_space() {
    const std::string space = lower_case(lines_.field("space"));
    const std::string_view written = lines_.field("spacedirections");
    Directions directions;
    if (!written.empty() && sizes_.size() >= 3) {
      directions = CSL_TRY(directions_of(written, sizes_.size()));
    } else if (!written.empty()) {
      return unsupported("a plane of two dimensions has a place in space", "space directions",
                         "write it as a volume of one slice");
    }
    const std::optional<std::size_t> list = CSL_TRY(list_axis(directions));
    if (list) {
      header_.list_size = sizes_[*list];
      header_.list_is_fastest = *list == 0;
      sizes_.erase(sizes_.begin() + static_cast<std::ptrdiff_t>(*list));
      if (!directions.empty()) {
        directions.erase(directions.begin() + static_cast<std::ptrdiff_t>(*list));
      }
    }
    sizes_.resize(3, 1);
    std::ranges::copy(sizes_, header_.shape.dims.begin());
    const auto turn = turn_of(space);
    if (directions.empty()) return spaced_axes(list);
    header_.has_space = turn.has_value();
    return turned_axes(directions, turn.value_or(std::array{1.0, 1.0, 1.0}));
  }

  Status turned_axes(const Directions& directions, const std::array<double, 3>& turn) {
    std::array<Vector3, 3> steps{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (!directions[axis])
        return corrupt("an axis in space has no direction", "space directions");
      for (std::size_t i = 0; i < 3; ++i) steps[axis][i] = (*directions[axis])[i] * turn[i];
    }
    Vector3 origin{};
    if (const std::string_view text = lines_.field("spaceorigin"); !text.empty()) {
      const auto numbers = numbers_of(text, "(),");
      if (!numbers || numbers->size() != 3) {
        return corrupt("the origin is not three numbers", "space origin");
      }
      for (std::size_t i = 0; i < 3; ++i) origin[i] = (*numbers)[i] * turn[i];
    }
    header_.shape.affine =
        affine_from_axes({origin[0], origin[1], origin[2]}, steps[0], steps[1], steps[2]);
    if (!header_.shape.affine.inverse()) {
      return corrupt("the axes of the volume lie in one plane", "space directions");
    }
    return {};
  }

  Status spaced_axes(const std::optional<std::size_t>& list) {
    std::vector<double> steps;
    for (const std::string_view word : words_of(lines_.field("spacings"))) {
      const double step = std::abs(number_of(word).value_or(1));
      steps.push_back(step > 0 ? step : 1);
    }
    if (list && *list < steps.size()) {
      steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(*list));
    }
    steps.resize(3, 1);
    header_.shape.affine =
        affine_from_axes({}, {steps[0], 0, 0}, {0, steps[1], 0}, {0, 0, steps[2]});
    return {};
  }

  Status read_data_place() {
    const std::string encoding = lower_case(lines_.field("encoding"));
    if (encoding == "raw") {
      header_.encoding = NrrdEncoding::Raw;
    } else if (encoding == "gzip" || encoding == "gz") {
      header_.encoding = NrrdEncoding::Gzip;
    } else if (encoding == "ascii" || encoding == "text" || encoding == "txt") {
      header_.encoding = NrrdEncoding::Text;
    } else {
      return unsupported("its encoding is not raw, gzip or text", "encoding", "write it with gzip");
    }
    header_.is_big_endian = lower_case(lines_.field("endian")) == "big";
    const auto skip = [&](std::string_view field) {
      const std::string_view text = lines_.field(field);
      return text.empty() ? std::optional<std::int64_t>(0) : integer_of(text);
    };
    const auto line_skip = skip("lineskip");
    const auto byte_skip = skip("byteskip");
    if (!line_skip || *line_skip < 0 || !byte_skip || *byte_skip < -1) {
      return corrupt("the lines or bytes to skip are no count", "line skip");
    }
    header_.line_skip = static_cast<std::uint64_t>(*line_skip);
    header_.byte_skip = *byte_skip;
    const std::string_view data_file = lines_.field("datafile");
    if (data_file.starts_with("LIST")) {
      header_.data_files = lines_.listed_files;
      if (header_.data_files.empty()) return corrupt("it lists no data file", "data file");
    } else if (data_file.find('%') != std::string_view::npos) {
      return unsupported("its data files are named by a pattern", "data file",
                         "list the files, or join them");
    } else if (!data_file.empty()) {
      header_.data_files.emplace_back(data_file);
    }
    return {};
  }

  // "Segmentation category and type - DICOM master list~SCT^49755003^Abnormal~SCT^...~..."
  static void read_terminology(std::string_view tags, NrrdSegment& segment) {
    constexpr std::string_view mark = "TerminologyEntry:";
    const std::size_t at = tags.find(mark);
    if (at == std::string_view::npos) return;
    std::string_view entry = tags.substr(at + mark.size());
    entry = entry.substr(0, entry.find('|'));
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= entry.size();) {
      const std::size_t end = std::min(entry.find('~', begin), entry.size());
      parts.push_back(entry.substr(begin, end - begin));
      begin = end + 1;
    }
    const auto code_at = [&](std::size_t part) -> std::optional<CodedConcept> {
      if (part >= parts.size()) return std::nullopt;
      const std::size_t first = parts[part].find('^');
      const std::size_t second = parts[part].find('^', first + 1);
      if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
      CodedConcept code{.system = std::string(parts[part].substr(0, first)),
                        .code = std::string(parts[part].substr(first + 1, second - first - 1)),
                        .version = {},
                        .display = std::string(parts[part].substr(second + 1))};
      if (code.code.empty()) return std::nullopt;
      return code;
    };
    segment.category = code_at(1);
    segment.type = code_at(2);
  }

  void read_segments() {
    const auto key = [&](std::size_t n, std::string_view member) -> const std::string* {
      const auto found =
          lines_.keys.find("Segment" + std::to_string(n) + "_" + std::string(member));
      return found == lines_.keys.end() ? nullptr : &found->second;
    };
    for (std::size_t n = 0; n < segment_count_max; ++n) {
      const std::string* id = key(n, "ID");
      const std::string* name = key(n, "Name");
      if (id == nullptr && name == nullptr) return;
      NrrdSegment segment{.id = id != nullptr ? *id : "", .name = name != nullptr ? *name : *id};
      // Before Slicer 5 a value was not written: each segment was a volume of its own.
      const std::string* value = key(n, "LabelValue");
      const std::string* layer = key(n, "Layer");
      const auto label = value != nullptr ? integer_of(trimmed(*value)) : std::nullopt;
      segment.label_value =
          label && *label > 0 && *label <= 0xFFFF ? static_cast<std::uint16_t>(*label) : 1;
      const auto number = layer != nullptr ? integer_of(trimmed(*layer)) : std::nullopt;
      segment.layer = number && *number >= 0 && *number < axis_max
                          ? static_cast<std::uint32_t>(*number)
                          : (value == nullptr ? static_cast<std::uint32_t>(n) : 0);
      if (const std::string* colour = key(n, "Color")) {
        const auto shares = numbers_of(*colour);
        if (shares && shares->size() == 3) {
          std::array<std::uint8_t, 3> bytes{};
          for (std::size_t i = 0; i < 3; ++i) {
            const double share = std::clamp((*shares)[i], 0.0, 1.0);
            bytes[i] = static_cast<std::uint8_t>(std::lround(share * 255));
          }
          segment.colour = bytes;
        }
      }
      if (const std::string* tags = key(n, "Tags")) read_terminology(*tags, segment);
      header_.segments.push_back(std::move(segment));
    }
  }

  const Lines& lines_;
  NrrdHeader header_;
  std::vector<std::uint32_t> sizes_;
};

}  // namespace

Result<NrrdHeader> read_nrrd_header(ByteView file) {
  const Lines lines = CSL_TRY(read_lines(file));
  return HeaderReader(lines).read();
}

}  // namespace consilium::detail
