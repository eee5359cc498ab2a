#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "format/shape_files/shape_files.hpp"

namespace consilium {
namespace {

constexpr std::size_t yaml_size_max = 1U << 20U;
constexpr std::size_t class_count_max = 100'000;

std::unexpected<Error> corrupt(std::string what, std::string where) {
  return fail(ErrorCode::Corrupt, std::move(what), std::move(where),
              "export it anew with the program that made it");
}

std::unexpected<Error> no_names() {
  return fail(ErrorCode::InvalidInput, "data.yaml has no list of names", "names",
              "give the data.yaml that the labels were made with");
}

// yaml-cpp throws on whatever it cannot read.
Result<std::vector<std::string>> names_in(const YAML::Node& names) {
  std::vector<std::string> list;
  if (names.IsSequence()) {
    for (const auto& name : names) list.push_back(name.as<std::string>());
    return list;
  }
  if (!names.IsMap()) return no_names();
  for (const auto& entry : names) {
    const auto index = entry.first.as<std::size_t>();
    if (index >= class_count_max) return no_names();
    if (list.size() <= index) list.resize(index + 1);
    list[index] = entry.second.as<std::string>();
  }
  return list;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) break;
    at = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.push_back(line.substr(begin, at - begin));
  }
  return words;
}

template <class Number>
bool read_number(std::string_view word, Number& number) {
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
  return problem == std::errc() && end == word.data() + word.size();
}

}  // namespace

Result<std::vector<std::string>> read_yolo_names(std::string_view yaml) {
  if (yaml.size() > yaml_size_max) return no_names();
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsMap() || !root["names"]) return no_names();
    return names_in(root["names"]);
  } catch (const YAML::Exception&) {
    return no_names();
  }
}

Result<std::vector<YoloShape>> read_yolo_labels(std::string_view text) {
  std::vector<YoloShape> shapes;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto words = words_of(text.substr(at, end - at));
    at = end + 1;
    const std::string where = "line " + std::to_string(++number);
    if (words.empty()) continue;
    YoloShape shape;
    std::vector<double> values(words.size() - 1);
    bool reads = read_number(words[0], shape.class_index);
    for (std::size_t w = 1; w < words.size(); ++w) {
      reads = reads && read_number(words[w], values[w - 1]);
    }
    // A sixth number of a box is how sure a model was of it.
    shape.is_box = values.size() == 4 || values.size() == 5;
    if (!reads || (!shape.is_box && (values.size() < 6 || values.size() % 2 != 0))) {
      return corrupt("a line is neither a box nor a polygon", where);
    }
    if (shape.is_box) {
      const double x = values[2] / 2;
      const double y = values[3] / 2;
      shape.points = {{values[0] - x, values[1] - y}, {values[0] + x, values[1] + y}};
    } else {
      for (std::size_t v = 0; v < values.size(); v += 2) {
        shape.points.push_back({values[v], values[v + 1]});
      }
    }
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

namespace {

// As much XML as VOC's files have: elements in elements, and text. Attributes are passed over.
class VocXml {
 public:
  explicit VocXml(std::string_view text) : text_(text) {}

  Result<VocAnnotation> read() {
    CSL_TRY(skip_prolog());
    if (CSL_TRY(open_tag()) != "annotation") {
      return fail(ErrorCode::Unsupported, "this is no Pascal VOC annotation", "",
                  "leave it out, or convert it to a kind that is read");
    }
    CSL_TRY(content(""));
    return std::move(annotation_);
  }

 private:
  static constexpr int depth_max = 16;

  Status skip_prolog() {
    for (;;) {
      skip_blanks();
      if (starts("<?")) {
        CSL_TRY(skip_past("?>"));
      } else if (starts("<!--")) {
        CSL_TRY(skip_past("-->"));
      } else if (starts("<!")) {
        return fail(ErrorCode::Unsupported, "the XML has a document type", "",
                    "leave the DOCTYPE out");
      } else {
        return {};
      }
    }
  }

  bool starts(std::string_view with) const { return text_.substr(at_).starts_with(with); }
  void skip_blanks() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n\xEF\xBB\xBF", at_), text_.size());
  }
  Status skip_past(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) return early();
    at_ = found + end.size();
    return {};
  }
  std::unexpected<Error> early() const {
    return corrupt("the XML ends early", "byte " + std::to_string(text_.size()));
  }

  // The name of the element that opens here; `is_empty_` when it closes at once.
  Result<std::string> open_tag() {
    if (!starts("<")) return corrupt("the XML has no element here", "byte " + std::to_string(at_));
    const std::size_t end = text_.find('>', at_);
    if (end == std::string_view::npos) return early();
    std::string_view tag = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    is_empty_ = tag.ends_with('/');
    if (is_empty_) tag.remove_suffix(1);
    return std::string(tag.substr(0, tag.find_first_of(" \t\r\n")));
  }

  // All to the end tag of the element with this path.
  Status content(const std::string& path) {
    if (++depth_ > depth_max) return corrupt("the XML nests too deeply", path);
    std::string own;
    for (;;) {
      const std::size_t next = text_.find('<', at_);
      if (next == std::string_view::npos) return early();
      own += text_.substr(at_, next - at_);
      at_ = next;
      if (starts("</")) {
        CSL_TRY(skip_past(">"));
        break;
      }
      if (starts("<!--")) {
        CSL_TRY(skip_past("-->"));
        continue;
      }
      const std::string name = CSL_TRY(open_tag());
      const std::string inner = path + "/" + name;
      if (inner == "/object") begin_object();
      if (!is_empty_) CSL_TRY(content(inner));
      if (inner == "/object") CSL_TRY(end_object());
    }
    --depth_;
    take(path, plain(own));
    return {};
  }

  static std::string plain(std::string text) {
    static constexpr std::pair<std::string_view, std::string_view> entities[] = {
        {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
    for (const auto& [entity, letter] : entities) {
      for (std::size_t at = 0; (at = text.find(entity, at)) != std::string::npos; ++at) {
        text.replace(at, entity.size(), letter);
      }
    }
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  }

  void begin_object() {
    annotation_.objects.emplace_back();
    edges_.clear();
  }
  Status end_object() {
    const std::string where = "object " + std::to_string(annotation_.objects.size());
    for (const char* edge : {"xmin", "ymin", "xmax", "ymax"}) {
      if (!edges_.contains(edge)) return corrupt("a box lacks its " + std::string(edge), where);
    }
    annotation_.objects.back().box = {.first = {edges_["xmin"] - 1.5, edges_["ymin"] - 1.5},
                                      .second = {edges_["xmax"] - 0.5, edges_["ymax"] - 0.5}};
    return {};
  }

  void take(const std::string& path, std::string text) {
    static constexpr std::string_view box = "/object/bndbox/";
    if (path == "/filename")
      annotation_.file_name = std::move(text);
    else if (path == "/source/database")
      annotation_.database = std::move(text);
    else if (path == "/size/width")
      static_cast<void>(read_number(text, annotation_.width));
    else if (path == "/size/height")
      static_cast<void>(read_number(text, annotation_.height));
    else if (path == "/object/name")
      annotation_.objects.back().name = std::move(text);
    else if (path.starts_with(box)) {
      double edge = 0;
      if (read_number(std::string_view(text), edge)) edges_[path.substr(box.size())] = edge;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool is_empty_ = false;
  VocAnnotation annotation_;
  std::map<std::string, double, std::less<>> edges_;
};

}  // namespace

Result<VocAnnotation> read_voc(std::string_view xml) { return VocXml(xml).read(); }

}  // namespace consilium
