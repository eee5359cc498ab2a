#include "transport/dicomweb/media.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>

namespace consilium::dicomweb {
namespace {

constexpr std::size_t types_max = 64;
constexpr std::size_t frames_max = 4096;
constexpr double picture_size_max = 8192;
constexpr std::string_view explicit_little_endian = "1.2.840.10008.1.2.1";
constexpr std::string_view octets = "application/octet-stream";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// Up to `end`, which does not count within quotes; what was read goes from the text.
std::string_view take_until(std::string_view& text, char end) {
  bool is_quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') is_quoted = !is_quoted;
    if (text[at] == end && !is_quoted) break;
  }
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

std::string unquoted(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

MediaType parse_one(std::string_view text) {
  MediaType media;
  media.type = lower(trim(take_until(text, ';')));
  while (!text.empty()) {
    std::string_view parameter = take_until(text, ';');
    const std::string name = lower(trim(take_until(parameter, '=')));
    std::string value = unquoted(parameter);
    if (name == "q") {
      media.weight = number_of(value).value_or(0);
    } else if (!name.empty()) {
      media.parameters.emplace_back(name, std::move(value));
    }
  }
  return media;
}

std::unexpected<Error> not_acceptable(std::string_view remedy) {
  return fail(ErrorCode::Unsupported, "nothing of what is accepted can be made here",
              "header Accept", std::string(remedy));
}

// The type within a multipart message, or the type itself.
std::string inner_type(const MediaType& media) {
  return media.type == "multipart/related" ? media.parameter("type") : media.type;
}

std::string syntax_of(const MediaType& media) { return media.parameter("transfer-syntax"); }

// What a frame of that media type is coded in when the syntax is not named (PS3.18 table 8.7.3-2).
std::string default_syntax(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> defaults{{
      {"image/jpeg", "1.2.840.10008.1.2.4.70"},
      {"image/dicom-rle", "1.2.840.10008.1.2.5"},
      {"image/jls", "1.2.840.10008.1.2.4.80"},
      {"image/jp2", "1.2.840.10008.1.2.4.90"},
      {"image/jpx", "1.2.840.10008.1.2.4.92"},
      {"image/jphc", "1.2.840.10008.1.2.4.201"},
  }};
  for (const auto& [media, syntax] : defaults) {
    if (media == type) return std::string(syntax);
  }
  return "";
}

std::vector<double> numbers_of(std::string_view text, bool& is_bad) {
  std::vector<double> values;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trim(text.substr(0, comma));
    const auto value = part.empty() ? std::optional<double>(0) : number_of(part);
    is_bad = is_bad || !value;
    values.push_back(value.value_or(0));
    if (comma == std::string_view::npos) return values;
    text.remove_prefix(comma + 1);
  }
}

Result<Window> parse_window(std::string_view text) {
  const auto wrong = fail(ErrorCode::InvalidInput, "the window is none", "parameter window",
                          "write centre,width or centre,width,linear (linear-exact, sigmoid)");
  Window window;
  const std::size_t first = text.find(',');
  const std::size_t second = first == std::string_view::npos ? first : text.find(',', first + 1);
  if (first == std::string_view::npos) return wrong;
  const auto centre = number_of(text.substr(0, first));
  const auto width = number_of(
      text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1));
  if (!centre || !width || *width <= 0) return wrong;
  window.centre = *centre;
  window.width = *width;
  if (second == std::string_view::npos) return window;
  const std::string function = lower(trim(text.substr(second + 1)));
  if (function == "linear-exact") {
    window.function = WindowFunction::LinearExact;
  } else if (function == "sigmoid") {
    window.function = WindowFunction::Sigmoid;
  } else if (function != "linear") {
    return wrong;
  }
  return window;
}

Result<service::Viewport> parse_viewport(std::string_view text) {
  bool is_bad = false;
  std::vector<double> values = numbers_of(text, is_bad);
  const bool has_count = values.size() == 2 || values.size() == 6;
  values.resize(6);
  const bool is_whole = std::trunc(values[0]) == values[0] && std::trunc(values[1]) == values[1];
  const bool has_size = values[0] >= 1 && values[1] >= 1 && values[0] <= picture_size_max &&
                        values[1] <= picture_size_max;
  const bool has_region = std::ranges::all_of(values, [](double value) { return value >= 0; });
  if (is_bad || !has_count || !is_whole || !has_size || !has_region) {
    return fail(ErrorCode::InvalidInput, "the viewport is none that can be made",
                "parameter viewport",
                "write width,height or width,height,x,y,source width,source height, at most 8192");
  }
  return service::Viewport{.width = static_cast<std::uint32_t>(values[0]),
                           .height = static_cast<std::uint32_t>(values[1]),
                           .left = values[2],
                           .top = values[3],
                           .source_width = values[4],
                           .source_height = values[5]};
}

}  // namespace

std::string MediaType::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return "";
}

std::vector<MediaType> parse_media_types(std::string_view text) {
  std::vector<MediaType> types;
  while (!text.empty() && types.size() < types_max) {
    MediaType media = parse_one(take_until(text, ','));
    if (media.type.find('/') != std::string::npos && media.weight > 0) {
      types.push_back(std::move(media));
    }
  }
  std::ranges::stable_sort(types, std::greater{}, &MediaType::weight);
  return types;
}

std::vector<MediaType> accepted_types(const http::Request& request) {
  std::string text(request.query_value("accept").value_or(request.header("accept")));
  if (text.empty()) text = "*/*";
  return parse_media_types(text);
}

bool accepts(const std::vector<MediaType>& types, std::string_view type) {
  const std::string_view family = type.substr(0, type.find('/'));
  return std::ranges::any_of(types, [&](const MediaType& media) {
    return media.type == type || media.type == "*/*" || media.type == std::string(family) + "/*";
  });
}

Result<WantedParts> wanted_objects(const std::vector<MediaType>& types) {
  WantedParts wanted;
  wanted.type = "application/dicom";
  for (const MediaType& media : types) {
    const std::string inner = inner_type(media);
    const bool is_any = inner == "*/*" || inner == "application/*" ||
                        (media.type == "multipart/related" && inner.empty());
    if (!is_any && inner != "application/dicom") continue;
    if (wanted.forms.empty()) wanted.single = media.type == "application/dicom";
    std::string syntax = syntax_of(media);
    // Whoever takes anything takes objects as they are kept; DICOM's own default is plain.
    if (syntax.empty()) syntax = is_any ? "*" : std::string(explicit_little_endian);
    wanted.forms.push_back({.media_type = {}, .transfer_syntax = std::move(syntax)});
  }
  if (wanted.forms.empty()) {
    return not_acceptable("accept multipart/related; type=\"application/dicom\"");
  }
  return wanted;
}

Result<WantedParts> wanted_frames(const std::vector<MediaType>& types) {
  WantedParts wanted;
  for (const MediaType& media : types) {
    const std::string inner = inner_type(media);
    const bool is_any = inner == "*/*" || (media.type == "multipart/related" && inner.empty());
    const bool is_octets = is_any || inner == octets || inner == "application/*";
    std::string syntax = syntax_of(media);
    if (is_octets) {
      if (syntax.empty()) syntax = explicit_little_endian;
    } else if (inner == "image/*") {
      wanted.forms.push_back({.media_type = {}, .transfer_syntax = "*"});
      continue;
    } else {
      if (syntax.empty()) syntax = default_syntax(inner);
      if (syntax.empty() || !inner.starts_with("image/")) continue;
    }
    if (wanted.forms.empty()) wanted.single = media.type == octets;
    wanted.forms.push_back({.media_type = is_octets ? std::string(octets) : inner,
                            .transfer_syntax = std::move(syntax)});
  }
  if (wanted.forms.empty()) {
    return not_acceptable(
        "accept multipart/related; type=\"application/octet-stream\"; transfer-syntax=*");
  }
  return wanted;
}

Result<service::RenderedMedia> wanted_picture(const std::vector<MediaType>& types) {
  for (const MediaType& media : types) {
    if (media.type == "image/jpeg" || media.type == "image/*" || media.type == "*/*") {
      return service::RenderedMedia::Jpeg;
    }
    if (media.type == "image/png") return service::RenderedMedia::Png;
  }
  return not_acceptable("accept image/jpeg or image/png");
}

Result<service::RenderQuery> parse_render_query(const http::Request& request) {
  service::RenderQuery query;
  query.media = CSL_TRY(wanted_picture(accepted_types(request)));
  if (const auto window = request.query_value("window")) {
    query.window = CSL_TRY(parse_window(*window));
  }
  if (const auto viewport = request.query_value("viewport")) {
    query.viewport = CSL_TRY(parse_viewport(*viewport));
  }
  if (const auto quality = request.query_value("quality")) {
    const auto value = number_of(*quality);
    if (!value || *value < 1 || *value > 100 || std::trunc(*value) != *value) {
      return fail(ErrorCode::InvalidInput, "the quality is none", "parameter quality",
                  "write a whole number from 1 to 100");
    }
    query.quality = static_cast<int>(*value);
  }
  return query;
}

Result<std::vector<std::uint32_t>> parse_frame_list(std::string_view text) {
  std::vector<std::uint32_t> numbers;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    std::uint32_t number = 0;
    const auto [end, problem] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (problem != std::errc{} || end != part.data() + part.size() || number == 0 ||
        numbers.size() >= frames_max) {
      return fail(ErrorCode::InvalidInput, "the list of frames is none", "path frames",
                  "write frame numbers from 1, parted by commas, at most 4096");
    }
    numbers.push_back(number);
    if (comma == std::string_view::npos) return numbers;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace consilium::dicomweb
